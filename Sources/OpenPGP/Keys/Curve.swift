import Libcrypto

/// An elliptic curve by its object identifier (RFC 9580 section 9.2). Unknown identifiers are kept.
public struct Curve: Hashable, Sendable, CustomStringConvertible {
    /// The identifier's octets, as the key packet carries them without their length.
    public let oid: [UInt8]

    /// Makes a curve of identifier octets.
    public init(oid: [UInt8]) { self.oid = oid }

    public static let p256 = Self(oid: [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07])
    public static let p384 = Self(oid: [0x2B, 0x81, 0x04, 0x00, 0x22])
    public static let p521 = Self(oid: [0x2B, 0x81, 0x04, 0x00, 0x23])
    public static let ed25519Legacy = Self(oid: [0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01])
    public static let curve25519Legacy = Self(oid: [0x2B, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01])

    public static let brainpoolP256 = Self(oid: [0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07])
    public static let brainpoolP384 = Self(oid: [0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0B])
    public static let brainpoolP512 = Self(oid: [0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0D])
    public static let secp256k1 = Self(oid: [0x2B, 0x81, 0x04, 0x00, 0x0A])

    /// The Weierstrass curve of the primitives; nil for all others.
    public var elliptic: EllipticCurve? {
        switch self {
        case .p256: .p256
        case .p384: .p384
        case .p521: .p521
        case .brainpoolP256: .brainpoolP256r1
        case .brainpoolP384: .brainpoolP384r1
        case .brainpoolP512: .brainpoolP512r1
        default: nil
        }
    }

    public var description: String {
        switch self {
        case .p256: "NIST P-256"
        case .p384: "NIST P-384"
        case .p521: "NIST P-521"
        case .ed25519Legacy: "Ed25519Legacy"
        case .curve25519Legacy: "Curve25519Legacy"
        case .brainpoolP256: "Brainpool P-256"
        case .brainpoolP384: "Brainpool P-384"
        case .brainpoolP512: "Brainpool P-512"
        case .secp256k1: "secp256k1"
        default: "curve " + Hex.encode(oid)
        }
    }
}

/// How the shared secret of ECDH becomes a key (RFC 9580 section 5.5.5.6).
public struct KDFParameters: Hashable, Sendable {
    /// Hash of the derivation.
    public let hash: HashID
    /// Cipher of the key wrap.
    public let cipher: SymmetricID

    /// Makes parameters.
    public init(hash: HashID, cipher: SymmetricID) {
        self.hash = hash
        self.cipher = cipher
    }

    /// The four octets of the key packet: length, reserved octet, hash, cipher. They are hashed into the derivation.
    public var serialized: [UInt8] { [3, 1, hash.rawValue, cipher.rawValue] }
}
