public import OpenPGP

/// An OpenPGP ring of one of our own users.
public struct OwnRing: Sendable {
    public var id: Int64
    public var accountID: Int64
    public var certificate: Certificate
    /// Whether mail to and from the account uses it.
    public var isCurrent: Bool
    /// A transferable secret key whose parts are locked under the owner's password; nil where there is none.
    public var locked: [UInt8]?
    /// What opens it when the password is lost; nil where nothing was ever kept, empty where its owner deleted it.
    public var recovery: [UInt8]?
    /// Unix seconds.
    public var passwordModified: Int64
    /// Unix seconds.
    public var created: Int64

    /// The secret key, locked.
    /// - Throws: `OpenPGPError` where it is damaged; nil where there is none.
    public func secret() throws -> SecretCertificate? {
        try locked.map { try SecretCertificate(parsing: $0).merged(with: certificate) }
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
