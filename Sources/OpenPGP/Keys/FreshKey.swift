import Libcrypto

/// A fresh key with its secret part.
struct FreshKey {
    let key: PublicKey
    let handle: PrivateKeyHandle
    let secret: SecretKeyMaterial

    /// What the key is going to do decides on its algorithm.
    enum Purpose { case sign, encrypt }

    private init(
        _ version: UInt8, _ algorithm: PublicKeyAlgorithm, _ parameters: PublicKeyParameters, creation: Timestamp,
        handle: PrivateKeyHandle, open secret: SecretBytes
    ) throws {
        key = try PublicKey(version: version, creation: creation, algorithm: algorithm, parameters: parameters)
        self.handle = handle
        self.secret = SecretKeyMaterial(open: secret, of: key)
    }

    init(_ profile: KeyProfile, _ purpose: Purpose, creation: Timestamp) throws {
        func made(
            _ algorithm: PublicKeyAlgorithm, _ parameters: PublicKeyParameters, _ handle: PrivateKeyHandle,
            open secret: SecretBytes
        ) throws -> FreshKey {
            try FreshKey(profile.version, algorithm, parameters, creation: creation, handle: handle, open: secret)
        }
        let kdf = KDFParameters(hash: .sha256, cipher: .aes128)
        switch (profile, purpose) {
        case (.compatible, .sign):
            let seed = try SecretBytes.random(count: 32)
            let handle = try PrivateKeyHandle.ed25519(seed: seed)
            let point = MPI([0x40] + handle.publicBytes)
            self = try made(
                .eddsaLegacy, .eddsaLegacy(curve: .ed25519Legacy, point: point), handle,
                open: SecretNumbers.serialized(seed, reversed: false))
        case (.compatible, .encrypt):
            let scalar = try Self.clampedScalar()
            let handle = try PrivateKeyHandle.x25519(scalar: scalar)
            let point = MPI([0x40] + handle.publicBytes)
            self = try made(
                .ecdh, .ecdh(curve: .curve25519Legacy, point: point, kdf: kdf), handle,
                open: SecretNumbers.serialized(scalar, reversed: true))
        case (.rfc9580, .sign):
            let seed = try SecretBytes.random(count: 32)
            let handle = try PrivateKeyHandle.ed25519(seed: seed)
            self = try made(.ed25519, .ed25519(handle.publicBytes), handle, open: seed)
        case (.rfc9580, .encrypt):
            let scalar = try SecretBytes.random(count: 32)
            let handle = try PrivateKeyHandle.x25519(scalar: scalar)
            self = try made(.x25519, .x25519(handle.publicBytes), handle, open: scalar)
        case (.ed448, .sign):
            let seed = try SecretBytes.random(count: 57)
            let handle = try PrivateKeyHandle.ed448(seed: seed)
            self = try made(.ed448, .ed448(handle.publicBytes), handle, open: seed)
        case (.ed448, .encrypt):
            let scalar = try SecretBytes.random(count: 56)
            let handle = try PrivateKeyHandle.x448(scalar: scalar)
            self = try made(.x448, .x448(handle.publicBytes), handle, open: scalar)
        case (.rsa3072, _), (.rsa4096, _):
            let numbers = try RSAKeyNumbers.generate(bits: profile == .rsa3072 ? 3072 : 4096)
            let handle = try PrivateKeyHandle.rsa(
                n: numbers.n, e: numbers.e, d: numbers.d, p: numbers.p, q: numbers.q, u: numbers.u)
            self = try made(
                .rsa, .rsa(n: MPI(numbers.n), e: MPI(numbers.e)), handle,
                open: SecretNumbers.serialized([numbers.d, numbers.p, numbers.q, numbers.u]))
        case (.nistP256, _):
            let numbers = try ECKeyNumbers.generate(.p256)
            let handle = try PrivateKeyHandle.ec(.p256, scalar: numbers.scalar, point: numbers.point)
            let point = MPI(numbers.point)
            let isSigning = purpose == .sign
            self = try made(
                isSigning ? .ecdsa : .ecdh,
                isSigning ? .ecdsa(curve: .p256, point: point) : .ecdh(curve: .p256, point: point, kdf: kdf), handle,
                open: SecretNumbers.serialized(numbers.scalar, reversed: false))
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
