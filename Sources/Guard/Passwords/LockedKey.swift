public import Libcrypto
public import OpenPGP

/// A private key of an account as it lies in the store: locked under the account's password.
public protocol LockedKey: Sendable {
    /// Upper-case hexadecimal digits; unlike for unlike keys of one account.
    var fingerprintHex: String { get }
    /// What opens the key when the password is lost, sealed; nil where nothing is kept.
    var recovery: [UInt8]? { get }

    /// What the password opens the key with. Slow on purpose.
    ///
    /// - Throws: `OpenPGPError` with code `wrongPassword`, or `GuardError` with code `badPassword`.
    func unlockSecrets(password: SecretBytes) throws -> UnlockSecrets

    /// The same key under another password. Slow on purpose; changes nothing in the store.
    ///
    /// - Throws: as ``unlockSecrets(password:)`` where the secrets do not open the key.
    func relocked(with secrets: UnlockSecrets, password: SecretBytes) throws -> Relocked
}

/// A key under its new lock.
public struct Relocked: Sendable {
    /// As the store keeps it.
    public var locked: [UInt8]
    /// What opens it without the password.
    public var secrets: UnlockSecrets

    public init(locked: [UInt8], secrets: UnlockSecrets) {
        self.locked = locked
        self.secrets = secrets
    }
}
