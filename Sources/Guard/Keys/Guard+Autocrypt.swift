import KeyStore
import MIME
public import OpenPGP

extension Guard {
    /// What an Autocrypt header brought.
    public struct AutocryptImport: Sendable {
        public var certificate: Certificate
        public var isAdded: Bool
        /// Whether the key was not known before.
        public var isNew: Bool
    }

    /// Reads an Autocrypt header and, if asked to, keeps its key for the caller: to encrypt to, and to verify with once the
    /// caller has made sure of it. A key whose mail is older than what is known, or that would take the place of another that
    /// was verified, is not kept.
    ///
    /// - Parameters:
    ///   - sent: Unix seconds of the Date field; dates in the future count as now.
    ///   - adds: whether to keep it.
    ///   - isConfirmed: whether the caller made sure of it.
    /// - Throws: `autocryptRefused`.
    public func importAutocrypt(
        _ header: [UInt8], sent: Int64, adds: Bool, isConfirmed: Bool, of caller: Caller
    ) throws -> AutocryptImport {
        try translating {
            let parsed = try AutocryptHeader(parsing: header)
            guard isNamed(parsed.address, in: parsed.certificate) else {
                throw GuardError(.autocryptRefused, "the key of the Autocrypt header is not for its address")
            }
            let fingerprint = parsed.certificate.fingerprint
            steps?.count(.read)
            let known = try store.externalRings(for: parsed.address, visibleTo: caller.account).filter {
                $0.accountID == caller.account.id && $0.source == .autocrypt
            }
            let isNew = !known.contains { $0.certificate.fingerprint == fingerprint }
            guard adds || isConfirmed else {
                return AutocryptImport(certificate: parsed.certificate, isAdded: false, isNew: isNew)
            }
            let effective = min(sent, now().seconds)
            let others = known.filter { $0.certificate.fingerprint != fingerprint }
            guard isConfirmed || !others.contains(where: { $0.isVerified || $0.seen > effective }) else {
                return AutocryptImport(certificate: parsed.certificate, isAdded: false, isNew: isNew)
            }
            try audited(actor: caller.actor, action: "autocrypt.import", target: fingerprint.hex) { line in
                steps?.count(.write)
                try store.changeAccount(caller.account.id, audit: line) { connection in
                    // One address has one key at a time.
                    for other in others { try store.deleteExternalRing(other.id, in: connection) }
                    try store.addExternalRing(
                        parsed.certificate, account: caller.account, .autocrypt, isVerified: isConfirmed,
                        seen: effective, in: connection)
                }
            }
            return AutocryptImport(certificate: parsed.certificate, isAdded: true, isNew: isNew)
        }
    }

    /// Says whether the caller made sure of a key from an Autocrypt header.
    ///
    /// - Parameter handle: the fingerprint of the primary key.
    /// - Throws: `keyNotFound`.
    public func setAutocryptVerified(_ isVerified: Bool, _ handle: String, of caller: Caller) throws -> AutocryptImport
    {
        try changeExternal(handle, .autocrypt, of: caller, action: "autocrypt.verify") { $0.isVerified = isVerified }
        let ring = try externalRings(of: caller, .autocrypt).first {
            $0.certificate.fingerprint.hex == handle.uppercased()
        }
        guard let ring else { throw GuardError(.keyNotFound, "there is no such ring") }
        return AutocryptImport(certificate: ring.certificate, isAdded: true, isNew: false)
    }
}
