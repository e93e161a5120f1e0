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

    /// A hash that suits the key: at least as strong as its curve, never weaker than SHA-256.
    public var suitableHash: HashID {
        switch publicKey.parameters {
        case .ecdsa(.p256, _): .sha256
        case .ecdsa(.p384, _): .sha384
        default: .sha512
        }
    }
}

/// An open key that decrypts session keys, set up for use. Whether its binding is expired or revoked does not matter:
/// old mail must stay readable.
public final class DecryptionKey: Sendable {
    /// The public half.
    public let publicKey: PublicKey
    /// Fingerprint of the certificate that the key belongs to.
    public let certificateFingerprint: Fingerprint
    /// The libcrypto key.
    public let handle: PrivateKeyHandle

    /// Makes a decryption key of its parts.
    public init(publicKey: PublicKey, certificateFingerprint: Fingerprint, handle: PrivateKeyHandle) {
        self.publicKey = publicKey
        self.certificateFingerprint = certificateFingerprint
        self.handle = handle
    }
}
