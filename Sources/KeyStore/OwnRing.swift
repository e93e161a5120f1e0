import Libcrypto
public import OpenPGP

/// An OpenPGP ring of one of our own users.
public struct OwnRing: Sendable {
    public var id: Int64
    public var accountID: Int64
    public let certificate: Certificate
    /// Whether mail to and from the account uses it.
    public var isCurrent: Bool
    /// A transferable secret key whose parts are locked under the owner's password; nil where there is none.
    public let locked: [UInt8]?
    /// What opens it when the password is lost; nil where nothing was ever kept, empty where its owner deleted it.
    public var recovery: [UInt8]?
    /// Unix seconds.
    public var passwordModified: Int64
    /// Unix seconds.
    public var created: Int64

    /// Shared by all copies of the value, so that a ring that is remembered is parsed once.
    private let parsed = Lock<SecretCertificate?>(nil)

    init(
        id: Int64, accountID: Int64, certificate: Certificate, isCurrent: Bool, locked: [UInt8]?, recovery: [UInt8]?,
        passwordModified: Int64, created: Int64
    ) {
        self.id = id
        self.accountID = accountID
        self.certificate = certificate
        self.isCurrent = isCurrent
        self.locked = locked
        self.recovery = recovery
        self.passwordModified = passwordModified
        self.created = created
    }

    /// The secret key, locked.
    /// - Throws: `OpenPGPError` where it is damaged; nil where there is none.
    public func secret() throws -> SecretCertificate? {
        guard let locked else { return nil }
        return try parsed.withLock { parsed in
            if let parsed { return parsed }
            let secret = try SecretCertificate(parsing: locked).merged(with: certificate)
            parsed = secret
            return secret
        }
    }
}

/// A ring that is to be kept.
package struct NewRing: Sendable {
    package var certificate: Certificate
    package var locked: [UInt8]?
    package var recovery: [UInt8]?
    package var recoveryMaster: String?

    package init(
        certificate: Certificate, locked: [UInt8]?, recovery: [UInt8]? = nil, recoveryMaster: String? = nil
    ) {
        self.certificate = certificate
        self.locked = locked
        self.recovery = recovery
        self.recoveryMaster = recoveryMaster
    }
}
