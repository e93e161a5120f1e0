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

    var isLocked: Bool { if case .locked = state { true } else { false } }

    /// Whether a password could bring a secret out: not for GnuPG's marks of absent ones.
    var isAbsent: Bool {
        guard case .locked(let body) = state, let protection = try? Protection(body) else { return false }
        if case .gnupg = protection.s2k { return true }
        return false
    }

    /// Of two forms of one secret part the more usable: open, then locked, then absent.
    func better(than other: SecretKeyMaterial) -> SecretKeyMaterial { other.rank > rank ? other : self }

    private var rank: Int { isAbsent ? 0 : isLocked ? 1 : 2 }

    init(open: SecretBytes) { state = .open(open) }

    /// Reads what follows the public part; an open secret goes straight into locked memory.
    init(reading reader: inout ByteReader) throws {
        let rest = reader.rest()
        guard let usage = rest.first else { throw reader.truncated() }
        guard usage == 0 else {
            _ = try Protection(Array(rest))
            state = .locked(Array(rest))
            return
        }
        guard rest.count >= 3 else { throw reader.truncated() }
        let numbers = rest.dropFirst().dropLast(2)
        let expected = rest.suffix(2).reduce(0) { $0 << 8 | UInt16($1) }
        guard numbers.reduce(UInt16(0), { $0 &+ UInt16($1) }) == expected else {
            throw OpenPGPError(.malformed, "the checksum of an open secret key is wrong")
        }
        state = .open(
            SecretBytes(count: numbers.count) { span in
                for (index, octet) in numbers.enumerated() { span[index] = octet }
            })
    }

    /// The fields in front of locked octets.
    struct Protection {
        let usage: UInt8
        let cipher: SymmetricID
        let s2k: S2K
        let iv: ArraySlice<UInt8>
        let ciphertext: ArraySlice<UInt8>

        init(_ body: [UInt8]) throws {
            var reader = ByteReader(body, subject: "locked secret key")
            usage = try reader.byte()
            switch usage {
            case 254, 255:
                cipher = SymmetricID(rawValue: try reader.byte())
                s2k = try S2K.read(from: &reader)
            case 253:
                throw OpenPGPError(.unsupportedAlgorithm, "secret keys locked with AEAD are not supported")
            default:
                // Of old: the usage octet is the cipher, the password is hashed once with MD5.
                cipher = SymmetricID(rawValue: usage)
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
            iv = try reader.take(algorithm.blockSize)
            ciphertext = reader.rest()
        }
    }

    /// The secret numbers, where a password is right.
    ///
    /// - Throws: `wrongPassword`, `secretUnavailable`, `unsupportedAlgorithm`.
    func unlocked(_ password: SecretBytes) throws -> SecretBytes {
        guard case .locked(let body) = state else {
            if case .open(let secret) = state { return secret }
            throw OpenPGPError(.secretUnavailable, "there is no secret")
        }
        let protection = try Protection(body)
        if case .gnupg = protection.s2k {
            throw OpenPGPError(.secretUnavailable, "the secret part of the key is not here")
        }
        guard let algorithm = protection.cipher.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(protection.cipher) is not supported")
        }
        let key = try protection.s2k.key(from: password, count: algorithm.keySize)
        let decryptor = try CFBDecryptor(algorithm, key: key, iv: Array(protection.iv))
        var plain: [UInt8] = []
        plain.reserveCapacity(protection.ciphertext.count + 64)
        let ciphertext = Array(protection.ciphertext)
        decryptor.update(ciphertext.span, into: &plain)
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

    /// An open secret, locked anew: AES-256 in CFB mode with a SHA-1 check, the form that every implementation reads.
    static func locked(_ secret: SecretBytes, password: SecretBytes) throws -> SecretKeyMaterial {
        let s2k = try S2K.fresh()
        let iv = try SecureRandom.bytes(16)
        let key = try s2k.key(from: password, count: 32)
        let digest = try Digest(.sha1)
        secret.withBytes { digest.update($0) }
        let encryptor = try CFBEncryptor(.aes256, key: key, iv: iv)
        var body = [254, SymmetricID.aes256.rawValue] + s2k.serialized + iv
        secret.withBytes { encryptor.update($0, into: &body) }
        let check = digest.finish()
        encryptor.update(check.span, into: &body)
        return SecretKeyMaterial(locked: body)
    }

    private init(locked body: [UInt8]) { state = .locked(body) }

    /// Octets that the part takes in a packet.
    var serializedCount: Int {
        switch state {
        case .locked(let body): body.count
        case .open(let secret): secret.count + 3
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
            let check = [UInt8(sum >> 8), UInt8(sum & 0xFF)]
            write(check.span)
        }
    }
}
