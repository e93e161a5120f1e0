import OpenPGP

/// Reads `[openpgp.policy]`: changes to the built-in tables of algorithms.
struct AlgorithmReader {
    private let reader: TableReader

    init(_ reader: TableReader) { self.reader = reader }

    func read() -> AlgorithmPolicy {
        var policy = AlgorithmPolicy.standard
        hashes("data_signatures", .dataSignature, &policy)
        hashes("self_signatures", .selfSignature, &policy)
        hashes("revocations", .revocation, &policy)
        ciphers("encryption", .encryption, &policy)
        ciphers("decryption", .decryption, &policy)
        keys("signing_keys", .signature, &policy)
        keys("encryption_keys", .encryption, &policy)
        reader.finish()
        return policy
    }

    // MD5 and the plaintext "cipher" are left out: no policy accepts them.
    private static let hashes: [(String, HashID)] = [
        ("sha1", .sha1), ("ripemd160", .ripemd160), ("sha224", .sha224), ("sha256", .sha256), ("sha384", .sha384),
        ("sha512", .sha512), ("sha3_256", .sha3_256), ("sha3_512", .sha3_512),
    ]

    private static let ciphers: [(String, SymmetricID)] = [
        ("idea", .idea), ("3des", .tripleDES), ("cast5", .cast5), ("blowfish", .blowfish), ("aes128", .aes128),
        ("aes192", .aes192), ("aes256", .aes256), ("twofish", .twofish), ("camellia128", .camellia128),
        ("camellia192", .camellia192), ("camellia256", .camellia256),
    ]

    private static let modes: [(String, AEADID)] = [("eax", .eax), ("ocb", .ocb), ("gcm", .gcm)]

    private func hashes(_ name: String, _ use: AlgorithmPolicy.HashUse, _ policy: inout AlgorithmPolicy) {
        guard let table = reader.table(name) else { return }
        let madeBefore = table.day("made_before")
        for (key, hash) in Self.hashes {
            table.acceptance(key, &policy.hashes[hash, use])
            if let madeBefore, policy.hashes[hash, use].madeBefore.seconds != .max {
                policy.hashes[hash, use].madeBefore = madeBefore
            }
        }
        table.finish()
    }

    private func ciphers(_ name: String, _ use: AlgorithmPolicy.CipherUse, _ policy: inout AlgorithmPolicy) {
        guard let table = reader.table(name) else { return }
        for (key, cipher) in Self.ciphers { table.acceptance(key, &policy.ciphers[cipher, use]) }
        for (key, mode) in Self.modes { table.acceptance(key, &policy.aeadModes[mode, use]) }
        table.finish()
    }

    private func keys(_ name: String, _ use: AlgorithmPolicy.KeyUse, _ policy: inout AlgorithmPolicy) {
        guard let table = reader.table(name) else { return }
        for strength in KeyClass.allCases { table.acceptance(strength.rawValue, &policy.keys[strength, use]) }
        table.finish()
    }
}

extension TableReader {
    /// `true`, `false`, or the day from which something no longer counts.
    fileprivate func acceptance(_ key: String, _ target: inout Acceptance) {
        guard let value = take(key) else { return }
        switch value.node {
        case .boolean(let flag): target = flag ? .always : .never
        case .day(let day): target = .until(Timestamp(day.seconds), madeBefore: limit(target))
        case .string(let text):
            guard let day = CalendarDay(text) else { return wrongDay(value.path, key) }
            target = .until(Timestamp(day.seconds), madeBefore: limit(target))
        default: wrong(value, key, "\(key) = true, \(key) = false or \(key) = 2030-02-01")
        }
    }

    /// The condition on creation stays, but where nothing was accepted there is none to keep.
    private func limit(_ old: Acceptance) -> Timestamp { old == .never ? Timestamp(.max) : old.madeBefore }

    fileprivate func day(_ key: String) -> Timestamp? {
        guard let value = take(key) else { return nil }
        switch value.node {
        case .day(let day): return Timestamp(day.seconds)
        case .string(let text):
            if let day = CalendarDay(text) { return Timestamp(day.seconds) }
            wrongDay(value.path, key)
        default: wrong(value, key, "a day, as \(key) = 2024-01-19")
        }
        return nil
    }

    private func wrongDay(_ path: String, _ key: String) {
        problems.add(path, "\(key) names no day from 1970 to 9999; write it as 2030-02-01")
    }
}
