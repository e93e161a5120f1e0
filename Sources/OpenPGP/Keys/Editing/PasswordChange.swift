import Libcrypto

extension SecretCertificate {
    /// The key with all parts open that one of the passwords opens.
    ///
    /// - Throws: `wrongPassword` where none of them opens any.
    public func unlocked(passwords: [SecretBytes]) throws -> SecretCertificate {
        var result = self
        var failure: OpenPGPError?
        var isOpen = !isLocked
        for password in passwords where result.isLocked {
            do {
                result = try result.unlocked(password: password)
                isOpen = true
            } catch let error as OpenPGPError {
                failure = error
            }
        }
        guard isOpen else { throw failure ?? OpenPGPError(.wrongPassword, "the key needs a password") }
        return result
    }

    /// The key with every secret part that is here under a new password, or under none.
    ///
    /// - Parameters:
    ///   - passwords: those that open the parts that are locked now.
    ///   - new: the password for all parts; nil to leave them open.
    /// - Throws: `wrongPassword` where a part stays locked: a key of which a part keeps its old password would look as
    ///   if it were changed.
    public func changingPassword(from passwords: [SecretBytes], to new: SecretBytes?) throws -> SecretCertificate {
        let open = isLocked ? try unlocked(passwords: passwords) : self
        guard !open.isLocked else {
            throw OpenPGPError(.wrongPassword, "the passwords do not open all parts of key \(fingerprint.hex)")
        }
        guard let new else { return open }
        return try open.locked(password: new)
    }
}
