import Libcrypto

/// A key packet's content with its secret numbers.
struct KeyPair {
    let key: PublicKey
    /// As in the packet.
    let secret: SecretBytes

    static func generate(_ algorithm: SubkeyAlgorithm, at time: Timestamp) throws -> KeyPair {
        switch algorithm {
        case .ed25519Legacy:
            let seed = try SecretBytes.random(count: 32)
            let point = MPI([0x40] + (try PrivateKeyHandle.ed25519(seed: seed).publicBytes))
            let key = try PublicKey(
                creation: time, algorithm: .eddsaLegacy, parameters: .eddsaLegacy(curve: .ed25519Legacy, point: point))
            return KeyPair(key: key, secret: SecretNumbers.serialized(seed, reversed: false))
        case .curve25519Legacy:
            let scalar = try clampedScalar()
            let point = MPI([0x40] + (try PrivateKeyHandle.x25519(scalar: scalar).publicBytes))
            let key = try PublicKey(
                creation: time, algorithm: .ecdh,
                parameters: .ecdh(
                    curve: .curve25519Legacy, point: point, kdf: KDFParameters(hash: .sha256, cipher: .aes128)))
            return KeyPair(key: key, secret: SecretNumbers.serialized(scalar, reversed: true))
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
