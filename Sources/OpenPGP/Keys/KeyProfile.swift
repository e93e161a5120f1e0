import Libcrypto

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

/// A fresh key with its secret part.
struct FreshKey {
    let key: PublicKey
    let handle: PrivateKeyHandle
    let secret: SecretKeyMaterial

    /// What the key is going to do decides on its algorithm.
    enum Purpose { case sign, encrypt }

    init(_ profile: KeyProfile, _ purpose: Purpose, creation: Timestamp) throws {
        switch (profile, purpose) {
        case (.compatible, .sign):
            let seed = try SecretBytes.random(count: 32)
            handle = try PrivateKeyHandle.ed25519(seed: seed)
            let parameters = PublicKeyParameters.eddsaLegacy(
                curve: .ed25519Legacy, point: MPI([0x40] + handle.publicBytes))
            key = try PublicKey(creation: creation, algorithm: .eddsaLegacy, parameters: parameters)
            secret = SecretKeyMaterial(open: SecretNumbers.serialized(seed, reversed: false), of: key)
        case (.compatible, .encrypt):
            let scalar = try Self.clampedScalar()
            handle = try PrivateKeyHandle.x25519(scalar: scalar)
            let parameters = PublicKeyParameters.ecdh(
                curve: .curve25519Legacy, point: MPI([0x40] + handle.publicBytes),
                kdf: KDFParameters(hash: .sha256, cipher: .aes128))
            key = try PublicKey(creation: creation, algorithm: .ecdh, parameters: parameters)
            secret = SecretKeyMaterial(open: SecretNumbers.serialized(scalar, reversed: true), of: key)
        case (.rfc9580, .sign):
            let seed = try SecretBytes.random(count: 32)
            handle = try PrivateKeyHandle.ed25519(seed: seed)
            key = try PublicKey(
                version: 6, creation: creation, algorithm: .ed25519, parameters: .ed25519(handle.publicBytes))
            secret = SecretKeyMaterial(open: seed, of: key)
        case (.rfc9580, .encrypt):
            let scalar = try SecretBytes.random(count: 32)
            handle = try PrivateKeyHandle.x25519(scalar: scalar)
            key = try PublicKey(
                version: 6, creation: creation, algorithm: .x25519, parameters: .x25519(handle.publicBytes))
            secret = SecretKeyMaterial(open: scalar, of: key)
        case (.ed448, .sign):
            let seed = try SecretBytes.random(count: 57)
            handle = try PrivateKeyHandle.ed448(seed: seed)
            key = try PublicKey(
                version: 6, creation: creation, algorithm: .ed448, parameters: .ed448(handle.publicBytes))
            secret = SecretKeyMaterial(open: seed, of: key)
        case (.ed448, .encrypt):
            let scalar = try SecretBytes.random(count: 56)
            handle = try PrivateKeyHandle.x448(scalar: scalar)
            key = try PublicKey(
                version: 6, creation: creation, algorithm: .x448, parameters: .x448(handle.publicBytes))
            secret = SecretKeyMaterial(open: scalar, of: key)
        case (.rsa3072, _), (.rsa4096, _):
            let numbers = try RSAKeyNumbers.generate(bits: profile == .rsa3072 ? 3072 : 4096)
            handle = try PrivateKeyHandle.rsa(
                n: numbers.n, e: numbers.e, d: numbers.d, p: numbers.p, q: numbers.q, u: numbers.u)
            key = try PublicKey(
                creation: creation, algorithm: .rsa, parameters: .rsa(n: MPI(numbers.n), e: MPI(numbers.e)))
            secret = SecretKeyMaterial(
                open: SecretNumbers.serialized([numbers.d, numbers.p, numbers.q, numbers.u]), of: key)
        case (.nistP256, _):
            let fresh = try ECKeyNumbers.generate(.p256)
            handle = try PrivateKeyHandle.ec(.p256, scalar: fresh.scalar, point: fresh.point)
            key =
                purpose == .sign
                ? try PublicKey(
                    creation: creation, algorithm: .ecdsa, parameters: .ecdsa(curve: .p256, point: MPI(fresh.point)))
                : try PublicKey(
                    creation: creation, algorithm: .ecdh,
                    parameters: .ecdh(
                        curve: .p256, point: MPI(fresh.point), kdf: KDFParameters(hash: .sha256, cipher: .aes128)))
            secret = SecretKeyMaterial(open: SecretNumbers.serialized(fresh.scalar, reversed: false), of: key)
        }
    }

    /// The legacy form stores the clamped number (RFC 9580 section 5.5.5.6.1.1).
    private static func clampedScalar() throws -> SecretBytes {
        let random = try SecretBytes.random(count: 32)
        return SecretBytes(count: 32) { span in
            random.withBytes { bytes in for index in bytes.indices { span[index] = bytes[index] } }
            span[0] &= 0xF8
            span[31] = span[31] & 0x7F | 0x40
        }
    }
}
