import Libcrypto

/// A Public-Key Encrypted Session Key packet of version 3 (RFC 9580 section 5.1.1).
struct EncryptedSessionKey {
    let keyID: KeyID
    let algorithm: PublicKeyAlgorithm
    private let fields: ArraySlice<UInt8>

    /// Throws `unsupportedVersion` for other versions, which belong to other containers and are passed over.
    init(parsingBody body: [UInt8]) throws {
        var reader = ByteReader(body, subject: "encrypted session key packet")
        let version = try reader.byte()
        guard version == 3 else {
            throw OpenPGPError(.unsupportedVersion, "encrypted session keys of version \(version) are not supported")
        }
        keyID = KeyID(try reader.take(8).reduce(0) { $0 << 8 | UInt64($1) })
        algorithm = PublicKeyAlgorithm(rawValue: try reader.byte())
        fields = reader.rest()
    }

    /// Whether `key` may open it.
    func mayBe(for key: PublicKey) -> Bool {
        guard keyID == .wildcard || keyID == key.keyID else { return false }
        return algorithm == key.algorithm || algorithm.isRSA && key.algorithm.isRSA
    }

    /// The session key that `key` finds in it. For RSA it is a false one where the padding is wrong: only the end of the
    /// message shows it, as for any other defect. Throws where `key` cannot be the right one.
    func open(with key: DecryptionKey) throws -> SessionKey {
        var reader = ByteReader(fields, subject: "encrypted session key packet")
        switch key.publicKey.parameters {
        case .rsa(let n, _):
            let number = try reader.mpi()
            guard reader.isAtEnd, let ciphertext = number.padded(to: n.bytes.count) else {
                throw reader.malformed("has a number of the wrong size")
            }
            let found = try key.handle.decryptSessionKey(ciphertext)
            return try SessionKey(SymmetricID(rawValue: found.algorithm), key: found.key)
        case .ecdh(let curve, _, let kdf):
            let point = try reader.mpi().bytes
            let wrapped = Array(try reader.take(Int(try reader.byte())))
            guard reader.isAtEnd else { throw reader.malformed("has octets too many") }
            let shared = try key.handle.agree(with: Self.ephemeral(point, on: curve))
            let kek = try kdf.keyEncryptionKey(shared: shared, curve: curve, fingerprint: key.publicKey.fingerprint)
            return try SessionKey(padded: AESKeyWrap.unwrap(wrapped, kek: kek))
        default:
            throw OpenPGPError(.unsupportedAlgorithm, "decryption with \(key.publicKey.algorithm) is not supported")
        }
    }

    private static func ephemeral(_ point: [UInt8], on curve: Curve) throws -> PublicKeyHandle {
        if curve == .curve25519Legacy {
            guard point.count == 33, point.first == 0x40 else {
                throw OpenPGPError(.malformed, "an ephemeral key has the wrong form")
            }
            return try PublicKeyHandle.x25519(Array(point.dropFirst()))
        }
        guard let elliptic = curve.elliptic else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(curve) is not supported")
        }
        return try PublicKeyHandle.ec(elliptic, point: point)
    }
}

extension SessionKey {
    /// Takes apart algorithm, key, checksum and PKCS#5 padding (RFC 9580 section 11.5). What an attacker could change was
    /// already refused by the key unwrapping, so this need not hide which part is wrong.
    init(padded: SecretBytes) throws {
        let broken = OpenPGPError(.notDecryptable, "an encrypted session key is broken")
        let (identifier, key): (UInt8, SecretBytes) = try padded.withBytes { bytes in
            guard bytes.count >= 8, let padding = bytes.octet(bytes.count - 1).map(Int.init), padding >= 1,
                padding <= bytes.count - 3
            else { throw broken }
            let end = bytes.count - padding
            for index in end..<bytes.count where Int(bytes[index]) != padding { throw broken }
            var sum: UInt16 = 0
            for index in 1..<end - 2 { sum &+= UInt16(bytes[index]) }
            guard UInt8(sum >> 8) == bytes[end - 2], UInt8(sum & 0xFF) == bytes[end - 1] else { throw broken }
            return (bytes[0], SecretBytes(copying: bytes.extracting(1..<end - 2)))
        }
        try self.init(SymmetricID(rawValue: identifier), key: key)
    }
}
