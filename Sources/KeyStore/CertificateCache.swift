import Libcrypto
import MIME
import OpenPGP
import ProtectedMail

/// Parsed certificates and opened secrets, so that a message costs neither parsing nor self-signatures.
///
/// Answers are only good for one state of the store, told by its change counter, which every process raises. Parsed
/// certificates outlive a change as long as their own revision stays the same.
final class CertificateCache: Sendable {
    /// How much is kept; what goes beyond starts anew.
    struct Limits: Sendable {
        var certificates = 2000
        var answers = 10_000
    }

    private struct State {
        var counter: Int64 = -1
        var addresses: [EmailAddress: [AddressCandidate]] = [:]
        var secretAddresses: [EmailAddress: [SecretCandidate]] = [:]
        var issuers: [IssuerHint: [KnownCertificate]] = [:]
        var certificates: [String: (revision: Int64, certificate: Certificate)] = [:]
        var secrets: [String: (revision: Int64, secret: SecretCertificate)] = [:]
    }

    private let limits: Limits
    private let state = Lock(State())

    init(limits: Limits) { self.limits = limits }

    /// The answer kept under `key` for the store's state `counter`, else what `load` gives, which is then kept.
    private func answer<Key: Hashable, Value>(
        _ answers: WritableKeyPath<State, [Key: Value]>, _ key: Key, _ counter: Int64, load: () throws -> Value
    ) rethrows -> Value {
        let kept = state.withLock { state -> Value? in
            if state.counter != counter {
                state.counter = counter
                state.addresses = [:]
                state.secretAddresses = [:]
                state.issuers = [:]
            }
            return state[keyPath: answers][key]
        }
        if let kept { return kept }
        // Loaded without the lock: two threads may do the same work, none waits for another's file access.
        let fresh = try load()
        state.withLock { state in
            guard state.counter == counter else { return }
            if state[keyPath: answers].count >= limits.answers { state[keyPath: answers] = [:] }
            state[keyPath: answers][key] = fresh
        }
        return fresh
    }

    func certificates(at address: EmailAddress, _ counter: Int64, load: () throws -> [AddressCandidate]) rethrows
        -> [AddressCandidate]
    { try answer(\.addresses, address, counter, load: load) }

    func secrets(at address: EmailAddress, _ counter: Int64, load: () throws -> [SecretCandidate]) rethrows
        -> [SecretCandidate]
    { try answer(\.secretAddresses, address, counter, load: load) }

    func certificates(by issuer: IssuerHint, _ counter: Int64, load: () throws -> [KnownCertificate]) rethrows
        -> [KnownCertificate]
    { try answer(\.issuers, issuer, counter, load: load) }

    func certificate(_ fingerprint: String, _ revision: Int64, load: () throws -> Certificate) rethrows -> Certificate {
        if let kept = state.withLock({ $0.certificates[fingerprint] }), kept.revision == revision {
            return kept.certificate
        }
        let fresh = try load()
        state.withLock { state in
            if state.certificates.count >= limits.certificates { state.certificates = [:] }
            state.certificates[fingerprint] = (revision, fresh)
        }
        return fresh
    }

    func secret(_ fingerprint: String, _ revision: Int64, load: () throws -> SecretCertificate) rethrows
        -> SecretCertificate
    {
        if let kept = state.withLock({ $0.secrets[fingerprint] }), kept.revision == revision { return kept.secret }
        let fresh = try load()
        state.withLock { state in
            if state.secrets.count >= limits.certificates { state.secrets = [:] }
            state.secrets[fingerprint] = (revision, fresh)
        }
        return fresh
    }
}

/// A certificate one of whose user IDs has the address asked for, as far as case goes.
struct AddressCandidate: Sendable {
    let certificate: Certificate
    let userID: UserID
    let localPart: String
    let provenance: Provenance
}

/// A secret key one of whose user IDs has the address asked for.
struct SecretCandidate: Sendable {
    let secret: SecretCertificate
    let userID: UserID
    let localPart: String
}
