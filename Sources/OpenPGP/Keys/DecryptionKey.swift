import Libcrypto

/// An open key that decrypts session keys, set up for use. Whether its binding is expired or revoked does not matter:
/// old mail must stay readable.
public final class DecryptionKey: Sendable {
    /// The secret half in the form that the primitive wants.
    enum Secret: Sendable {
        case handle(PrivateKeyHandle)
        /// The exponent of ElGamal, which libcrypto has no keys for.
        case elGamal(SecretBytes)
    }

    /// The public half.
    public let publicKey: PublicKey
    /// Fingerprint of the certificate that the key belongs to.
    public let certificateFingerprint: Fingerprint
    private let secret: Secret

    /// Makes a decryption key of its parts.
    init(publicKey: PublicKey, certificateFingerprint: Fingerprint, secret: Secret) {
        self.publicKey = publicKey
        self.certificateFingerprint = certificateFingerprint
        self.secret = secret
    }

    /// The libcrypto key. Throws `unsupportedAlgorithm` for ElGamal.
    var handle: PrivateKeyHandle {
        get throws {
            guard case .handle(let handle) = secret else {
                throw OpenPGPError(.unsupportedAlgorithm, "\(publicKey.algorithm) has no such operation")
            }
            return handle
        }
    }

    /// The exponent of ElGamal. Throws `unsupportedAlgorithm` for other keys.
    var exponent: SecretBytes {
        get throws {
            guard case .elGamal(let exponent) = secret else {
                throw OpenPGPError(.unsupportedAlgorithm, "\(publicKey.algorithm) has no exponent")
            }
            return exponent
        }
    }
}
