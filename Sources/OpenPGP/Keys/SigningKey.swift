import Libcrypto

/// An open key that signs documents, set up for use. Share one and use it often.
public final class SigningKey: Sendable {
    /// The public half.
    public let publicKey: PublicKey
    /// Fingerprint of the certificate that the key belongs to.
    public let certificateFingerprint: Fingerprint
    /// The main user ID of that certificate, where it has one.
    public let userID: String?
    /// The libcrypto key.
    public let handle: PrivateKeyHandle

    /// Makes a signing key of its parts.
    public init(
        publicKey: PublicKey, certificateFingerprint: Fingerprint, userID: String?, handle: PrivateKeyHandle
    ) {
        self.publicKey = publicKey
        self.certificateFingerprint = certificateFingerprint
        self.userID = userID
        self.handle = handle
    }

    /// A hash as strong as the key's curve (RFC 9580 section 5.2.3.2): SHA-256, which processors compute in hardware,
    /// where that is enough.
    public var suitableHash: HashID {
        switch publicKey.parameters {
        case .ecdsa(.p384, _), .ecdsa(.brainpoolP384, _): .sha384
        case .ecdsa(.p521, _), .ecdsa(.brainpoolP512, _), .ed448: .sha512
        default: .sha256
        }
    }
}
