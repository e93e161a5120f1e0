import KeyStore
public import Libcrypto

/// Passwords that clients encrypt to a key of the server (`e_password`).
extension Guard {
    /// Seconds for which a key is handed out.
    private static let transportLife: Int64 = 86_400
    /// Seconds for which it still opens passwords afterwards.
    private static let transportGrace: Int64 = 3600

    /// The public key that clients encrypt passwords to: base64 of a SubjectPublicKeyInfo. Makes one where there is none.
    public func transportKey() throws -> String {
        let key = try translating { try currentTransportKey() }
        return Base64Text.encode(key.publicKeyInfo)
    }

    /// The password in an `e_password`, to be tried: one that does not open is a password that opens nothing, so that
    /// answer and price are those of a wrong one.
    public func guessTransported(_ text: String) throws -> SecretBytes {
        let other = try SecretBytes.random(count: 32)
        do { return try openTransported(text) } catch let error as GuardError where error.code == .credentialsRefused {
            return other
        }
    }

    /// The password in an `e_password`: base64 of RSA-OAEP with SHA-256, or where the settings say so of PKCS#1 v1.5.
    ///
    /// - Throws: `credentialsRefused`, whatever is wrong and at the same price. With PKCS#1 v1.5 wrong padding throws
    ///   nothing: another password comes out, which opens nothing.
    public func openTransported(_ text: String) throws -> SecretBytes {
        let keys = try translating { try transportKeys() }
        let ciphertext = text.utf8.count <= 4096 ? Base64.decode(Array(text.utf8)) : nil
        var found: SecretBytes?
        for key in keys {
            // Every key is tried on something, so that each failure costs the same.
            let input = ciphertext.flatMap { $0.count == key.size ? $0 : nil } ?? Self.placeholder(key.size)
            let isReal = ciphertext?.count == key.size
            steps?.count(.rsa)
            let opened = try? key.decryptOAEP(input)
            if isReal, found == nil { found = opened }
        }
        if settings.passwords.acceptsPKCS1 {
            // Even where the other padding was right: the price does not tell.
            let fallback = keys.first.flatMap { key -> SecretBytes? in
                steps?.count(.rsa)
                return try? key.decryptPKCS1(
                    ciphertext.flatMap { $0.count == key.size ? $0 : nil } ?? Self.placeholder(key.size))
            }
            found = found ?? fallback
        }
        guard let found, found.count > 0, found.count <= Self.longestPassword else {
            throw GuardError(.credentialsRefused, "the encrypted password does not open")
        }
        return found
    }

    /// A number that is smaller than every modulus of that size.
    private static func placeholder(_ size: Int) -> [UInt8] {
        [0] + [UInt8](repeating: 0x5A, count: max(0, size - 1))
    }

    /// Makes a new key the current one, at every start and once a day. Slow: generates an RSA key.
    public func rotateTransportKey() throws {
        try translating {
            let now = now().seconds
            let current = try store.passwordKeys(now: now).first { $0.ends == nil }
            try makeTransportKey(after: current?.id, now)
        }
    }

    private func makeTransportKey(after current: String?, _ now: Int64) throws {
        let key = try RSATransportKey.generate()
        let id = HexText.encode(try SecureRandom.bytes(8))
        // Where another daemon was faster, its key is as good.
        _ = try store.replacePasswordKey(
            current, by: id, publicKey: key.publicKeyInfo, privateKey: key.pkcs8, now: now,
            retiredEnds: now + Self.transportGrace)
        transportCache.withLock { $0 = nil }
    }

    private func currentTransportKey() throws -> RSATransportKey {
        if let first = try transportKeys().first { return first }
        throw GuardError(.internalFailure, "there is no key for passwords")
    }

    /// The current key first, then those that are over but not yet forgotten.
    private func transportKeys() throws -> [RSATransportKey] {
        let now = now().seconds
        if let cached = transportCache.withLock({ $0 }), cached.until > now { return cached.keys }
        var stored = try store.passwordKeys(now: now)
        if stored.first(where: { $0.ends == nil }).map({ $0.created + Self.transportLife <= now }) ?? true {
            try makeTransportKey(after: stored.first { $0.ends == nil }?.id, now)
            stored = try store.passwordKeys(now: now)
        }
        let ordered = stored.filter { $0.ends == nil } + stored.filter { $0.ends != nil }
        let keys = try ordered.map { try RSATransportKey(pkcs8: $0.privateKey) }
        // Not for long: another daemon may have made a newer one.
        let cached = TransportKeys(keys: keys, until: now + 60)
        transportCache.withLock { $0 = cached }
        return keys
    }
}

/// Keys for passwords as this process read them.
struct TransportKeys: Sendable {
    var keys: [RSATransportKey]
    /// Unix seconds after which the store is asked again.
    var until: Int64
}
