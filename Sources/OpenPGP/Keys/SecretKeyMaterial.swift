import Libcrypto

/// The secret part of a key packet, locked by a password or open (RFC 9580 section 5.5.3).
struct SecretKeyMaterial: Sendable {
    enum State: Sendable {
        /// The secret numbers as in the packet, without their checksum.
        case open(SecretBytes)
        /// Everything behind the public part, from the usage octet on. Not secret without the password.
        case locked([UInt8])
    }

    let state: State
    /// The public half, whose version decides on the form and which AEAD locks cover.
    let key: PublicKey

    var isLocked: Bool { if case .locked = state { true } else { false } }

    /// Whether a password could bring a secret out: not for GnuPG's marks of absent ones.
    var isAbsent: Bool {
        guard case .locked(let body) = state, let protection = try? Protection(body, version: key.version) else {
            return false
        }
        if case .gnupg = protection.s2k { return true }
        return false
    }

    /// Of two forms of one secret part the more usable: open, then locked, then absent.
    func better(than other: SecretKeyMaterial) -> SecretKeyMaterial { other.rank > rank ? other : self }

    private var rank: Int { isAbsent ? 0 : isLocked ? 1 : 2 }

    init(open: SecretBytes, of key: PublicKey) {
        state = .open(open)
        self.key = key
    }

    /// Reads what follows the public part; an open secret goes straight into locked memory.
    init(reading reader: inout ByteReader, of key: PublicKey) throws {
        self.key = key
        let rest = reader.rest()
        guard let usage = rest.first else { throw reader.truncated() }
        guard usage == 0 else {
            _ = try Protection(Array(rest), version: key.version)
            state = .locked(Array(rest))
            return
        }
        let check = Self.checksumSize(key)
        guard rest.count >= 1 + check else { throw reader.truncated() }
        let numbers = rest.dropFirst().dropLast(check)
        let expected = rest.suffix(check).reduce(0) { $0 << 8 | UInt16($1) }
        guard check == 0 || numbers.reduce(UInt16(0), { $0 &+ UInt16($1) }) == expected else {
            throw OpenPGPError(.malformed, "the checksum of an open secret key is wrong")
        }
        state = .open(
            SecretBytes(count: numbers.count) { span in
                for (index, octet) in numbers.enumerated() { span[index] = octet }
            })
    }

    /// Octets of the checksum behind open numbers: version 6 has none.
    private static func checksumSize(_ key: PublicKey) -> Int { key.version == 6 ? 0 : 2 }

    /// The fields in front of locked octets.
    struct Protection {
        let usage: UInt8
        let cipher: SymmetricID
        let aead: AEADID?
        let s2k: S2K
        let iv: ArraySlice<UInt8>
        let ciphertext: ArraySlice<UInt8>

        init(_ body: [UInt8], version: UInt8) throws {
            var reader = ByteReader(body, subject: "locked secret key")
            usage = try reader.byte()
            guard version != 6 || usage == 253 || usage == 254 else {
                throw reader.malformed("of version 6 is locked in a way that only older versions allow")
            }
            // Version 6 says how long the fields are, for readers that do not know them.
            if version == 6 { _ = try reader.byte() }
            switch usage {
            case 253, 254, 255:
                cipher = SymmetricID(rawValue: try reader.byte())
                aead = usage == 253 ? AEADID(rawValue: try reader.byte()) : nil
                if version == 6 { _ = try reader.byte() }
                s2k = try S2K.read(from: &reader)
            default:
                // Of old: the usage octet is the cipher, the password is hashed once with MD5.
                cipher = SymmetricID(rawValue: usage)
                aead = nil
                s2k = .simple(.md5)
            }
            if case .gnupg = s2k {
                iv = []
                ciphertext = reader.rest()
                return
            }
            guard let algorithm = cipher.algorithm else {
                throw OpenPGPError(.unsupportedAlgorithm, "secret keys locked with \(cipher) are not supported")
            }
            if let aead {
                guard let mode = aead.algorithm else {
                    throw OpenPGPError(.unsupportedAlgorithm, "secret keys locked with \(aead) are not supported")
                }
                iv = try reader.take(mode.nonceSize)
            } else {
                iv = try reader.take(algorithm.blockSize)
            }
            ciphertext = reader.rest()
        }
    }

    /// The secret numbers, where a password is right.
    ///
    /// - Throws: `wrongPassword`, `secretUnavailable`, `unsupportedAlgorithm`.
    ///
    /// - Parameter isPrimary: whether the packet is that of a primary key.
    func unlocked(_ password: SecretBytes, isPrimary: Bool, limits: S2KLimits = .standard) throws -> SecretBytes {
        if case .open(let secret) = state { return secret }
        return try unlocked(with: lockKey(from: password, limits: limits), isPrimary: isPrimary)
    }

    /// The key that a password gives under the lock, right or wrong. Slow.
    func lockKey(from password: SecretBytes, limits: S2KLimits = .standard) throws -> SecretBytes {
        let (protection, algorithm) = try lock()
        return try protection.s2k.key(from: password, count: algorithm.keySize, limits: limits)
    }

    private func lock() throws -> (Protection, SymmetricAlgorithm) {
        guard case .locked(let body) = state else { throw OpenPGPError(.secretUnavailable, "there is no lock") }
        let protection = try Protection(body, version: key.version)
        if case .gnupg = protection.s2k {
            throw OpenPGPError(.secretUnavailable, "the secret part of the key is not here")
        }
        guard let algorithm = protection.cipher.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(protection.cipher) is not supported")
        }
        return (protection, algorithm)
    }

    /// The secret numbers, where the key of the lock is right; errors as for a password.
    func unlocked(with key: SecretBytes, isPrimary: Bool) throws -> SecretBytes {
        if case .open(let secret) = state { return secret }
        let (protection, algorithm) = try lock()
        guard key.count == algorithm.keySize else {
            throw OpenPGPError(.wrongPassword, "the password does not open the key")
        }
        if let aead = protection.aead {
            return try opened(protection, CipherSuite(protection.cipher, aead), key, isPrimary: isPrimary)
        }
        let decryptor = try CFBDecryptor(algorithm, key: key, iv: Array(protection.iv))
        var plain: [UInt8] = []
        plain.reserveCapacity(protection.ciphertext.count + 64)
        let ciphertext = Array(protection.ciphertext)
        try decryptor.update(ciphertext.span, into: &plain)
        defer { Wipe.wipe(&plain) }
        let trailer = protection.usage == 254 ? 20 : 2
        guard plain.count >= trailer else { throw OpenPGPError(.malformed, "a locked secret key is too short") }
        let count = plain.count - trailer
        let expected = try Self.check(plain, count, usage: protection.usage)
        guard constantTimeEqual(expected.span, plain.span.extracting(droppingFirst: count)) else {
            throw OpenPGPError(.wrongPassword, "the password does not open the key")
        }
        return SecretBytes(copying: plain.span.extracting(0..<count))
    }

    // MARK: AEAD locks (section 3.7.2.1)

    private func opened(
        _ protection: Protection, _ suite: CipherSuite, _ key: SecretBytes, isPrimary: Bool
    ) throws -> SecretBytes {
        var plain: [UInt8] = []
        defer { Wipe.wipe(&plain) }
        let ciphertext = Array(protection.ciphertext)
        let isRight = try sealer(suite, key, isPrimary: isPrimary).open(
            ciphertext.span, nonce: Array(protection.iv), associatedData: associatedData(isPrimary: isPrimary),
            into: &plain)
        guard isRight else { throw OpenPGPError(.wrongPassword, "the password does not open the key") }
        return SecretBytes(copying: plain)
    }

    private func sealer(_ suite: CipherSuite, _ key: SecretBytes, isPrimary: Bool) throws -> AEADCipher {
        guard let cipher = suite.cipher.algorithm, let mode = suite.aead.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "secret keys locked with \(suite) are not supported")
        }
        let info = [typeOctet(isPrimary: isPrimary), self.key.version, suite.cipher.rawValue, suite.aead.rawValue]
        return try AEADCipher(
            mode, cipher, key: HKDF.sha256(ikm: key, salt: [], info: info, count: cipher.keySize))
    }

    private func typeOctet(isPrimary: Bool) -> UInt8 {
        0xC0 | (isPrimary ? PacketTag.secretKey : PacketTag.secretSubkey).rawValue
    }

    /// The public half cannot be exchanged under a lock that covers it.
    private func associatedData(isPrimary: Bool) -> [UInt8] {
        [typeOctet(isPrimary: isPrimary)] + key.serializedBody
    }

    /// The same secret locked by AEAD with a key that Argon2 makes of the password.
    /// - Returns: nil for the key of the lock where nothing was open.
    func sealed(
        _ password: SecretBytes, isPrimary: Bool
    ) throws -> (material: SecretKeyMaterial, lockKey: SecretBytes?) {
        guard case .open(let secret) = state else { return (self, nil) }
        let suite = CipherSuite(.aes256, .ocb)
        let s2k = try S2K.freshArgon2()
        let nonce = try SecureRandom.bytes(AEADAlgorithm.ocb.nonceSize)
        let method = s2k.serialized
        let fields =
            [suite.cipher.rawValue, suite.aead.rawValue] + (key.version == 6 ? [UInt8(clamping: method.count)] : [])
            + method + nonce
        var body: [UInt8] = [253] + (key.version == 6 ? [UInt8(clamping: fields.count)] : []) + fields
        let lockKey = try s2k.key(from: password, count: 32)
        let sealer = try sealer(suite, lockKey, isPrimary: isPrimary)
        try secret.withBytes {
            try sealer.seal(
                $0, nonce: nonce, associatedData: associatedData(isPrimary: isPrimary), into: &body)
        }
        return (SecretKeyMaterial(locked: body, of: key), lockKey)
    }

    // MARK: CFB locks

    /// What must stand behind the decrypted numbers.
    private static func check(_ plain: [UInt8], _ count: Int, usage: UInt8) throws -> [UInt8] {
        let numbers = plain.span.extracting(0..<count)
        guard usage == 254 else {
            var sum: UInt16 = 0
            for index in numbers.indices { sum &+= UInt16(numbers[index]) }
            return [UInt8(sum >> 8), UInt8(sum & 0xFF)]
        }
        let digest = try Digest(.sha1)
        digest.update(numbers)
        return digest.finish()
    }

    /// The same secret locked with AES-256 in CFB mode and a SHA-1 check, the form that every implementation reads.
    /// - Returns: nil for the key of the lock where nothing was open.
    func locked(_ password: SecretBytes) throws -> (material: SecretKeyMaterial, lockKey: SecretBytes?) {
        guard case .open(let secret) = state else { return (self, nil) }
        let s2k = try S2K.fresh()
        let iv = try SecureRandom.bytes(16)
        let cipherKey = try s2k.key(from: password, count: 32)
        let digest = try Digest(.sha1)
        secret.withBytes { digest.update($0) }
        let encryptor = try CFBEncryptor(.aes256, key: cipherKey, iv: iv)
        let method = s2k.serialized
        let fields =
            [SymmetricID.aes256.rawValue] + (key.version == 6 ? [UInt8(clamping: method.count)] : []) + method + iv
        var body: [UInt8] = [254] + (key.version == 6 ? [UInt8(clamping: fields.count)] : []) + fields
        try secret.withBytes { try encryptor.update($0, into: &body) }
        let check = digest.finish()
        try encryptor.update(check.span, into: &body)
        return (SecretKeyMaterial(locked: body, of: key), cipherKey)
    }

    private init(locked body: [UInt8], of key: PublicKey) {
        state = .locked(body)
        self.key = key
    }

    /// Octets that the part takes in a packet.
    var serializedCount: Int {
        switch state {
        case .locked(let body): body.count
        case .open(let secret): secret.count + 1 + Self.checksumSize(key)
        }
    }

    /// Writes the part through `write`, octets in pieces.
    func serialize(_ write: (Span<UInt8>) -> Void) {
        switch state {
        case .locked(let body): write(body.span)
        case .open(let secret):
            var sum: UInt16 = 0
            let usage: [UInt8] = [0]
            write(usage.span)
            secret.withBytes { bytes in
                for index in bytes.indices { sum &+= UInt16(bytes[index]) }
                write(bytes)
            }
            guard Self.checksumSize(key) > 0 else { return }
            let check = [UInt8(sum >> 8), UInt8(sum & 0xFF)]
            write(check.span)
        }
    }
}
