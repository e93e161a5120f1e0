import KeyStore
import Libcrypto
import OpenPGP

/// A private key of an account as it lies in the store: locked under the account's password.
protocol LockedKey: Sendable {
    /// Upper-case hexadecimal digits; unlike for unlike keys of one account.
    var fingerprintHex: String { get }
    /// What opens the key when the password is lost, see ``RecoveryRecord``; nil where nothing was ever kept, empty where
    /// its owner deleted it.
    var recovery: [UInt8]? { get }

    /// What the password opens the key with. Slow on purpose.
    ///
    /// - Throws: an error with code `wrongPassword` or `badPassword`.
    func unlockSecrets(password: SecretBytes) throws -> UnlockSecrets

    /// The same key under another password. Slow on purpose; changes nothing in the store.
    ///
    /// - Throws: as ``unlockSecrets(password:)`` where the secrets do not open the key.
    func relocked(with secrets: UnlockSecrets, password: SecretBytes) throws -> Relocked

    /// Puts the key under another lock, within a change of its account. The time of the change becomes that of the
    /// password.
    ///
    /// - Returns: false where the key is gone, is not the current one, or has another lock than this by now.
    func replace(
        by relocked: Relocked, recovery: RecoveryRecord?, in store: KeyStore, _ connection: any StoreConnection
    ) throws -> Bool

    /// Puts an empty value in the place of what opens the key without its password, within a change of its account.
    ///
    /// - Returns: false where the key is gone.
    func deleteRecovery(in store: KeyStore, _ connection: any StoreConnection) throws -> Bool
}

/// A key under its new lock.
struct Relocked: Sendable {
    /// As the store keeps it.
    var locked: [UInt8]
    /// What opens it without the password.
    var secrets: UnlockSecrets
}
