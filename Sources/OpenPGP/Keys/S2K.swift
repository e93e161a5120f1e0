import Libcrypto

/// How a password becomes a key (RFC 9580 section 3.7).
public enum S2K: Hashable, Sendable {
    case simple(HashID)
    case salted(HashID, salt: [UInt8])
    /// `count` is the coded octet.
    case iterated(HashID, salt: [UInt8], count: UInt8)
    /// Argon2id (RFC 9106); `memory` is the exponent of its size in KiB.
    case argon2(salt: [UInt8], passes: UInt8, parallelism: UInt8, memory: UInt8)
    /// GnuPG's marks for secret parts that are elsewhere: mode 1 for nowhere, 2 for a card, with its serial number.
    case gnupg(mode: UInt8, serial: [UInt8])
    /// A type that this library does not know, with all that follows.
    case unknown(UInt8)

    /// Iterated and salted SHA-256 as this library writes it: 65,011,712 octets hashed.
    public static func fresh() throws -> S2K { .iterated(.sha256, salt: try SecureRandom.bytes(8), count: 255) }

    /// Argon2id as this library writes it: 3 passes, 4 lanes, 64 MiB, the second recommendation of RFC 9106.
    public static func freshArgon2() throws -> S2K {
        .argon2(salt: try SecureRandom.bytes(16), passes: 3, parallelism: 4, memory: 16)
    }

    /// Reads a specifier.
    static func read(from reader: inout ByteReader) throws -> S2K {
        let type = try reader.byte()
        switch type {
        case 0: return .simple(HashID(rawValue: try reader.byte()))
        case 1: return .salted(HashID(rawValue: try reader.byte()), salt: Array(try reader.take(8)))
        case 3:
            return .iterated(
                HashID(rawValue: try reader.byte()), salt: Array(try reader.take(8)), count: try reader.byte())
        case 4:
            let salt = Array(try reader.take(16))
            return .argon2(
                salt: salt, passes: try reader.byte(), parallelism: try reader.byte(), memory: try reader.byte())
        case 101:
            _ = try reader.byte()
            guard try reader.take(3).elementsEqual("GNU".utf8) else { return .unknown(type) }
            let mode = try reader.byte()
            guard mode == 2 else { return .gnupg(mode: mode, serial: []) }
            let count = Int(try reader.byte())
            return .gnupg(mode: mode, serial: Array(try reader.take(min(count, reader.remaining))))
        default: return .unknown(type)
        }
    }

    /// Reads a specifier at the start of octets, as a symmetric-key encrypted session key packet has it.
    ///
    /// - Returns: the specifier and its size in octets.
    public static func parse(_ bytes: ArraySlice<UInt8>) throws -> (s2k: S2K, size: Int) {
        var reader = ByteReader(bytes, subject: "string-to-key specifier")
        let s2k = try read(from: &reader)
        return (s2k, reader.consumed)
    }

    /// The specifier's octets.
    public var serialized: [UInt8] {
        switch self {
        case .simple(let hash): [0, hash.rawValue]
        case .salted(let hash, let salt): [1, hash.rawValue] + salt
        case .iterated(let hash, let salt, let count): [3, hash.rawValue] + salt + [count]
        case .argon2(let salt, let passes, let parallelism, let memory): [4] + salt + [passes, parallelism, memory]
        case .gnupg(let mode, let serial):
            [101, 0] + Array("GNU".utf8) + [mode]
                + (mode == 2 ? [UInt8(truncatingIfNeeded: serial.count)] + serial : [])
        case .unknown(let type): [type]
        }
    }

    /// Octets hashed in all for a coded count.
    static func octetCount(coded: UInt8) -> Int { (16 + Int(coded & 15)) << (Int(coded >> 4) + 6) }

    /// The key that a password gives.
    ///
    /// - Parameter count: size of the key in octets.
    /// - Throws: `unsupportedAlgorithm` for hashes and methods this library does not have, `limitExceeded` where Argon2 would
    ///   take more than `limits` allow.
    public func key(
        from password: SecretBytes, count: Int, limits: S2KLimits = .standard
    ) throws -> SecretBytes {
        let id: HashID
        var salt: [UInt8] = []
        var total = 0
        switch self {
        case .simple(let hash): id = hash
        case .salted(let hash, let octets): (id, salt) = (hash, octets)
        case .iterated(let hash, let octets, let coded):
            (id, salt) = (hash, octets)
            total = Self.octetCount(coded: coded)
        case .argon2(let salt, let passes, let parallelism, let memory):
            try limits.check(passes: passes, parallelism: parallelism, memory: memory)
            return try Argon2.id(
                password: password, salt: salt, passes: UInt32(passes), parallelism: UInt32(parallelism),
                memoryKiB: 1 << UInt32(memory), count: count)
        case .gnupg: throw OpenPGPError(.secretUnavailable, "the secret part of the key is not here")
        case .unknown(let type):
            throw OpenPGPError(.unsupportedAlgorithm, "string-to-key method \(type) is not supported")
        }
        guard let algorithm = id.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(id) is not supported for passwords")
        }
        // Repeated into one larger block, so that long counts are hashed at full speed.
        let unit = salt.count + password.count
        let repeats = total > unit && unit > 0 ? max(1, min(total, 16384) / unit) : 1
        let block = SecretBytes(count: unit * repeats) { span in
            for index in 0..<unit * repeats {
                let position = index % unit
                if position < salt.count { span[index] = salt[position] }
            }
            password.withBytes { secret in
                for round in 0..<repeats {
                    for index in 0..<secret.count { span[round * unit + salt.count + index] = secret[index] }
                }
            }
        }
        return try SecretBytes(count: count) { output in
            var written = 0
            var zeros = 0
            while written < count {
                let digest = try Digest(algorithm)
                digest.update([UInt8](repeating: 0, count: zeros))
                block.withBytes { bytes in
                    var left = max(total, unit)
                    while left > 0 {
                        let part = min(left, bytes.count)
                        digest.update(bytes.extracting(0..<part))
                        left -= part
                    }
                }
                var value = digest.finish()
                for octet in value where written < count {
                    output[written] = octet
                    written += 1
                }
                Wipe.wipe(&value)
                zeros += 1
            }
        }
    }
}
