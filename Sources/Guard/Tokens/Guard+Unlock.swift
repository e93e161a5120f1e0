public import Libcrypto
public import OpenPGP

extension Guard {
    /// What a token opens the caller's keys with. Uses a single-use token up.
    ///
    /// - Throws: `tokenInvalid`: unknown, expired, used up, of another session, account or type, all alike.
    public func unlock(token: SecretBytes, for caller: Caller, _ type: CryptoType) throws -> UnlockSecrets {
        throw GuardError(.tokenInvalid, "the token does not count")
    }

    /// The same with the token that is attached to the caller's session.
    ///
    /// - Returns: nil where none is attached.
    public func unlockAttached(for caller: Caller, _ type: CryptoType) throws -> UnlockSecrets? { nil }
}
