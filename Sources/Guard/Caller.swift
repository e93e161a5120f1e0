public import KeyStore
public import Libcrypto

/// Who calls: the account that a session belongs to, and the session.
public struct Caller: Sendable {
    public let account: AccountRecord
    /// SHA-256 of the session identifier, the store's name of the session.
    public let sessionHash: [UInt8]
    /// The identifier itself: what tokens of this session are sealed under.
    public let sessionSecret: SecretBytes

    public init(account: AccountRecord, sessionHash: [UInt8], sessionSecret: SecretBytes) {
        self.account = account
        self.sessionHash = sessionHash
        self.sessionSecret = sessionSecret
    }

    /// For the audit log.
    var actor: String { "user:\(account.address.canonical)" }
}
