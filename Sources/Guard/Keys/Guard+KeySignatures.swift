import KeyStore
public import OpenPGP

extension Guard {
    /// The signatures on a key of the caller, of another of our users, or of somebody whose ring the caller may use.
    ///
    /// - Throws: `keyNotFound`.
    public func signatures(on keyID: KeyID, of caller: Caller, includesSubkeys: Bool) throws -> [SignatureDescription] {
        try translating {
            let own = try rings(of: caller).map(\.certificate).first { certificate in
                certificate.allKeys.contains { $0.keyID == keyID }
            }
            guard let certificate = try own ?? recipientKey(keyID, of: caller).certificate else {
                throw GuardError(.keyNotFound, "there is no such key")
            }
            let isPrimary = certificate.keyID == keyID
            let listed = try certificate.listSignatures(includesSubkeys: includesSubkeys || !isPrimary) { hints in
                let known = try store.certificates(for: Array(hints.prefix(2))).map(\.certificate)
                guard known.isEmpty, let hint = hints.first else { return known }
                return try store.externalRings(for: hint.keyID, visibleTo: caller.account).map(\.certificate)
            }
            // Of a subkey only what is about it.
            return (isPrimary ? listed : listed.filter { $0.key.keyID == keyID }).map {
                SignatureDescription($0, at: now(), policy: settings.algorithms)
            }
        }
    }
}
