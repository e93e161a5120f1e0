public import KeyStore
public import Libcrypto
public import OpenPGP

extension Guard {
    /// What the password of an account opens its current key with.
    ///
    /// - Throws: `badPassword`; `lockedOut`, with seconds to wait; `privateKeyMissing` where the account has no key that a
    ///   password opens.
    public func verifyPassword(
        _ account: AccountRecord, _ type: CryptoType, _ password: SecretBytes
    ) throws -> UnlockSecrets {
        try translating {
            guard let key = try lockedKey(of: account, type) else {
                throw GuardError(.privateKeyMissing, "there is no private key")
            }
            steps?.count(.passwordHash)
            return try key.unlockSecrets(password: password)
        }
    }
}
