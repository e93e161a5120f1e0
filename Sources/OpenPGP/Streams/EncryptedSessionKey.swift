import Libcrypto

/// A Public-Key Encrypted Session Key packet of version 3 or 6 (RFC 9580 section 5.1).
struct EncryptedSessionKey {
    let version: UInt8
    let algorithm: PublicKeyAlgorithm
    /// Whom the packet names: by key ID in version 3, by fingerprint in version 6; nobody where the recipient is hidden.
    private let recipient: IssuerHint
    private let fields: ArraySlice<UInt8>

    /// Throws `unsupportedVersion` for other versions, which are passed over.
    init(parsingBody body: [UInt8]) throws {
        var reader = ByteReader(body, subject: "encrypted session key packet")
        version = try reader.byte()
        switch version {
        case 3: recipient = .keyID(KeyID(try reader.take(8).reduce(0) { $0 << 8 | UInt64($1) }))
        case 6:
            let name = try reader.take(Int(try reader.byte()))
            if let keyVersion = name.first {
                guard let fingerprint = Fingerprint(version: keyVersion, bytes: Array(name.dropFirst())) else {
                    throw reader.malformed("names a recipient in an unknown way")
                }
                recipient = .fingerprint(fingerprint)
            } else {
                recipient = .keyID(.wildcard)
            }
        default:
            throw OpenPGPError(.unsupportedVersion, "encrypted session keys of version \(version) are not supported")
        }
        algorithm = PublicKeyAlgorithm(rawValue: try reader.byte())
        fields = reader.rest()
    }

    /// The key ID of the recipient; the wildcard for a hidden one.
    var keyID: KeyID { recipient.keyID }

    /// Whether `key` may open it.
    func mayBe(for key: PublicKey) -> Bool {
        guard keyID == .wildcard || recipient.matches(key.fingerprint) else { return false }
        return algorithm == key.algorithm || algorithm.isRSA && key.algorithm.isRSA
    }

    /// The session key that `key` finds in it. For RSA and ElGamal it is a false one where the padding is wrong: only the end
    /// of the message shows it, as for any other defect. Throws where `key` cannot be the right one.
    ///
    /// - Parameter cipher: what the encrypted packet names, for version 6; version 3 carries it itself.
    func open(with key: DecryptionKey, cipher: SymmetricID?) throws -> SessionKey {
        let cipher = version == 6 ? cipher : nil
        var reader = ByteReader(fields, subject: "encrypted session key packet")
        switch key.publicKey.parameters {
        case .rsa(let n, _):
            let number = try reader.mpi()
            guard reader.isAtEnd, let ciphertext = number.padded(to: n.bytes.count) else {
                throw reader.malformed("has a number of the wrong size")
            }
            if let cipher {
                guard let size = cipher.algorithm?.keySize else {
                    throw OpenPGPError(.unsupportedAlgorithm, "\(cipher) is not supported")
                }
                return try SessionKey(cipher, key: key.handle.decryptSessionKey(ciphertext, size: size))
            }
            let found = try key.handle.decryptSessionKey(ciphertext)
            return try SessionKey(SymmetricID(rawValue: found.algorithm), key: found.key)
        case .elGamal(let p, let g, _):
            let (c1, c2) = (try reader.mpi(), try reader.mpi())
            guard reader.isAtEnd, version == 3 else { throw reader.malformed("has octets too many") }
            guard try !ElGamal.hasSmallSubgroup(p: p.bytes, g: g.bytes) else {
                throw OpenPGPError(.refusedByPolicy, "the generator of the ElGamal key is too weak")
            }
            let found = try ElGamal.decryptSessionKey(c1: c1.bytes, c2: c2.bytes, p: p.bytes, x: key.exponent)
            return try SessionKey(SymmetricID(rawValue: found.algorithm), key: found.key)
        case .ecdh(let curve, _, let kdf):
            let point = try reader.mpi().bytes
            let wrapped = Array(try reader.take(Int(try reader.byte())))
            guard reader.isAtEnd else { throw reader.malformed("has octets too many") }
            let shared = try key.handle.agree(with: Self.ephemeral(point, on: curve))
            let kek = try kdf.keyEncryptionKey(shared: shared, curve: curve, fingerprint: key.publicKey.fingerprint)
            return try SessionKey(padded: AESKeyWrap.unwrap(wrapped, kek: kek), cipher: cipher)
        case .x25519(let own):
            return try open(&reader, .x25519, own, key, cipher) { try PublicKeyHandle.x25519($0) }
        case .x448(let own):
            return try open(&reader, .x448, own, key, cipher) { try PublicKeyHandle.x448($0) }
        default:
            throw OpenPGPError(.unsupportedAlgorithm, "decryption with \(key.publicKey.algorithm) is not supported")
        }
    }

    /// Sections 5.1.6 and 5.1.7: the ephemeral key, then in version 3 the cipher in clear, then the wrapped session key.
    private func open(
        _ reader: inout ByteReader, _ scheme: MontgomeryScheme, _ own: [UInt8], _ key: DecryptionKey,
        _ cipher: SymmetricID?, _ handle: ([UInt8]) throws -> PublicKeyHandle
    ) throws -> SessionKey {
        let ephemeral = Array(try reader.take(own.count))
        var rest = ByteReader(try reader.take(Int(try reader.byte())), subject: "encrypted session key packet")
        guard reader.isAtEnd else { throw reader.malformed("has octets too many") }
        let algorithm = try cipher ?? SymmetricID(rawValue: rest.byte())
        guard [.aes128, .aes192, .aes256].contains(algorithm) || version == 6 else {
            throw OpenPGPError(.malformed, "\(self.algorithm) carries keys for AES only, not for \(algorithm)")
        }
        let shared = try key.handle.agree(with: handle(ephemeral))
        let kek = try scheme.keyEncryptionKey(shared: shared, ephemeral: ephemeral, recipient: own)
        return try SessionKey(algorithm, key: AESKeyWrap.unwrap(Array(rest.rest()), kek: kek))
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
    /// Takes apart algorithm (unless the container names it), key, checksum and PKCS#5 padding (RFC 9580 section 11.5). What
    /// an attacker could change was already refused by the key unwrapping, so this need not hide which part is wrong.
    init(padded: SecretBytes, cipher: SymmetricID?) throws {
        let broken = OpenPGPError(.notDecryptable, "an encrypted session key is broken")
        let start = cipher == nil ? 1 : 0
        let (identifier, key): (UInt8, SecretBytes) = try padded.withBytes { bytes in
            guard bytes.count >= 8, let padding = bytes.octet(bytes.count - 1).map(Int.init), padding >= 1,
                padding <= bytes.count - 3
            else { throw broken }
            let end = bytes.count - padding
            for index in end..<bytes.count where Int(bytes[index]) != padding { throw broken }
            var sum: UInt16 = 0
            for index in start..<end - 2 { sum &+= UInt16(bytes[index]) }
            guard UInt8(sum >> 8) == bytes[end - 2], UInt8(sum & 0xFF) == bytes[end - 1] else { throw broken }
            return (cipher?.rawValue ?? bytes[0], SecretBytes(copying: bytes.extracting(start..<end - 2)))
        }
        try self.init(SymmetricID(rawValue: identifier), key: key)
    }
}
