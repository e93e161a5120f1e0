import Libcrypto
import MIME
import OpenPGP
import ProtectedMail

/// Parsed certificates and what lookups found, so that mail neither parses nor verifies self-signatures again.
///
/// What a lookup found holds for one value of the store's change counter, which every writer raises, in this process
/// or another. A parsed certificate holds for its revision: a change of one certificate does not cost the others.
final class CertificateCache: Sendable {
    struct Limits: Sendable {
        /// Parsed certificates.
        var certificates = 4096
        /// Serialized octets of all parsed certificates together.
        var octets = 64 << 20
        /// Remembered lookups, those that found nothing included.
        var lookups = 16384
        /// Opened secret keys.
        var secrets = 512
    }

    enum Question: Hashable {
        case address(EmailAddress)
        case ring(EmailAddress)
        case key(IssuerHint)
        case secretsOfAddress(EmailAddress)
        case secretsOfKey(KeyID)
    }

    /// One row that answers a lookup.
    struct Hit: Sendable {
        var fingerprint: String
        var revision: Int64
        /// For addresses: the user ID that carries it, its local part as written, and how far it is believed.
        var userID: [UInt8] = []
        var localPart = ""
        var provenance: Provenance = .message
    }

    struct Entry: Sendable {
        var revision: Int64
        var certificate: Certificate
        /// What lookups by key give out, see ``StoredCertificate/vouched(_:)``.
        var vouched: KnownCertificate
        var octets: Int
    }

    private struct Aged<Value> {
        var value: Value
        var used: UInt64
    }

    private struct State {
        var counter: Int64 = -1
        var lookups: [Question: [Hit]] = [:]
        var certificates: [String: Aged<Entry>] = [:]
        var secrets: [String: Aged<(revision: Int64, secret: SecretCertificate)>] = [:]
        var octets = 0
        var clock: UInt64 = 0
        var parsed = 0
    }

    let limits: Limits
    private let state = Lock(State())

    init(limits: Limits) { self.limits = limits }

    /// How many certificates were parsed in all, for tests and metrics.
    var parsed: Int { state.withLock { $0.parsed } }
    /// What is held now.
    var size: (certificates: Int, octets: Int, lookups: Int) {
        state.withLock { ($0.certificates.count, $0.octets, $0.lookups.count) }
    }

    /// The remembered answer, if the store has not changed since.
    func hits(for question: Question, counter: Int64) -> [Hit]? {
        state.withLock { $0.counter == counter ? $0.lookups[question] : nil }
    }

    func remember(_ hits: [Hit], for question: Question, counter: Int64) {
        state.withLock { state in
            if state.counter != counter || state.lookups.count >= limits.lookups {
                // An older snapshot that comes late must not displace the newer.
                if counter < state.counter { return }
                state.lookups.removeAll(keepingCapacity: true)
                state.counter = counter
            }
            state.lookups[question] = hits
        }
    }

    func certificate(_ fingerprint: String, revision: Int64) -> Entry? {
        state.withLock { state in
            guard var aged = state.certificates[fingerprint], aged.value.revision == revision else { return nil }
            state.clock &+= 1
            aged.used = state.clock
            state.certificates[fingerprint] = aged
            return aged.value
        }
    }

    func remember(_ entry: Entry, fingerprint: String) {
        state.withLock { state in
            state.parsed &+= 1
            state.clock &+= 1
            if let old = state.certificates.updateValue(Aged(value: entry, used: state.clock), forKey: fingerprint) {
                state.octets -= old.value.octets
            }
            state.octets += entry.octets
            guard state.certificates.count > limits.certificates || state.octets > limits.octets else { return }
            // Down to three quarters at once, so that a full cache does not sort on every miss.
            let oldest = state.certificates.sorted { $0.value.used < $1.value.used }
            for (key, aged) in oldest {
                if state.certificates.count <= limits.certificates * 3 / 4, state.octets <= limits.octets / 4 * 3 {
                    break
                }
                state.certificates[key] = nil
                state.octets -= aged.value.octets
            }
        }
    }

    func secret(_ fingerprint: String, revision: Int64) -> SecretCertificate? {
        state.withLock { state in
            guard var aged = state.secrets[fingerprint], aged.value.revision == revision else { return nil }
            state.clock &+= 1
            aged.used = state.clock
            state.secrets[fingerprint] = aged
            return aged.value.secret
        }
    }

    func remember(_ secret: SecretCertificate, fingerprint: String, revision: Int64) {
        state.withLock { state in
            state.clock &+= 1
            state.secrets[fingerprint] = Aged(value: (revision, secret), used: state.clock)
            if state.secrets.count > limits.secrets,
                let oldest = state.secrets.min(by: { $0.value.used < $1.value.used })?.key
            {
                state.secrets[oldest] = nil
            }
        }
    }

    /// Drops opened secrets at once, when one was deleted here.
    func forgetSecret(_ fingerprint: String) { state.withLock { $0.secrets[fingerprint] = nil } }
}
