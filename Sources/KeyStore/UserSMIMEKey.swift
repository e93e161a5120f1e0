public import CMS

/// An S/MIME certificate of a user with its private key, locked under the user's password.
public struct UserSMIMEKey: Sendable {
    public var id: Int64
    public var accountID: Int64
    public var certificate: X509Certificate
    /// The certificates that lead from it to its authority, as its owner brought them.
    public var issuers: [X509Certificate]
    /// Whether mail to and from the account uses it.
    public var isCurrent: Bool
    /// PKCS#8 as a record of ``PasswordLock``, under the name ``lockName(account:fingerprint:)``.
    public var locked: [UInt8]
    /// What opens it when the password is lost, sealed; nil where nothing is kept.
    public var recovery: [UInt8]?
    /// Unix seconds.
    public var passwordModified: Int64
    /// Unix seconds.
    public var created: Int64

    /// What the lock of a key is bound to.
    public static func lockName(account: Int64, fingerprint: String) -> String { "smime_key \(account) \(fingerprint)" }
}

/// A key that is to be kept.
public struct NewSMIMEKey: Sendable {
    public var certificate: X509Certificate
    public var issuers: [X509Certificate]
    /// See ``UserSMIMEKey/locked``.
    public var locked: [UInt8]
    /// See ``UserSMIMEKey/recovery``.
    public var recovery: [UInt8]?
    /// The master key that this is sealed under; nil where it is not sealed under one.
    public var recoveryMaster: String?

    public init(
        certificate: X509Certificate, issuers: [X509Certificate], locked: [UInt8], recovery: [UInt8]? = nil,
        recoveryMaster: String? = nil
    ) {
        self.certificate = certificate
        self.issuers = issuers
        self.locked = locked
        self.recovery = recovery
        self.recoveryMaster = recoveryMaster
    }
}
