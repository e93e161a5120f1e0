/// What kind of key is made.
public enum KeyProfile: String, Sendable, CaseIterable {
    /// Version 4, Ed25519Legacy and Curve25519Legacy: what every implementation of the last ten years reads.
    case compatible
    /// Version 6, Ed25519 and X25519: for readers of RFC 9580.
    case rfc9580
    /// Version 4, RSA with 3072 bits, for the oldest readers.
    case rsa3072
    /// Version 4, RSA with 4096 bits.
    case rsa4096
    /// Version 4, ECDSA and ECDH on NIST P-256, where rules ask for it.
    case nistP256 = "nist-p256"
    /// Version 6, Ed448 and X448: the highest security.
    case ed448

    /// Version of the key packets.
    public var version: UInt8 { self == .rfc9580 || self == .ed448 ? 6 : 4 }

    /// One sentence for people.
    public var summary: String {
        switch self {
        case .compatible: "version 4, Ed25519 and Curve25519: read by everybody"
        case .rfc9580: "version 6, Ed25519 and X25519, AEAD: for readers of RFC 9580"
        case .rsa3072: "version 4, RSA with 3072 bits"
        case .rsa4096: "version 4, RSA with 4096 bits"
        case .nistP256: "version 4, ECDSA and ECDH on NIST P-256"
        case .ed448: "version 6, Ed448 and X448, AEAD"
        }
    }
}
