import COpenSSL
import Libcrypto

/// EncryptedPrivateKeyInfo (RFC 5958 section 3).
enum LockedKey {
    /// Steps of the derivation in what we write.
    static let iterations: Int32 = 200_000

    /// The PrivateKeyInfo inside.
    static func open(_ der: SecretBytes, password: SecretBytes, legacy: LegacyAlgorithms) throws -> SecretBytes {
        let scheme: PasswordScheme = try der.withBytes { bytes in
            var outer = DERReader(0..<bytes.count)
            var inner = DERReader(try outer.take(DERReader.Tag.sequence, bytes))
            return try PasswordScheme(algorithm: bytes.extracting(inner.next(bytes).whole))
        }
        let read = decodeDER(der.withBytes { $0.copy(0..<$0.count) }) { d2i_X509_SIG(nil, $0, $1) }
        guard let read else { throw CMSError(.malformed, "a locked private key is damaged") }
        defer { X509_SIG_free(read.object) }
        return try open(read.object, scheme: scheme, password: password, legacy: legacy)
    }

    /// Opens an `X509_SIG` whose scheme was looked at.
    static func open(
        _ signature: OpaquePointer, scheme: PasswordScheme, password: SecretBytes, legacy: LegacyAlgorithms
    ) throws -> SecretBytes {
        guard scheme.isModern || legacy == .readable else {
            throw CMSError(.refusedByPolicy, "the private key is locked with an old algorithm")
        }
        let context = scheme.isModern ? LibraryContext.shared : (LegacyContext.shared ?? LibraryContext.shared)
        let info = password.withCharacters { PKCS8_decrypt_ex(signature, $0, $1, context, nil) }
        guard let info else { throw CMSError.library(.wrongPassword, "the password does not open the private key") }
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        return try encode(info)
    }

    /// The DER encoding of a `PKCS8_PRIV_KEY_INFO` in locked memory.
    static func encode(_ info: OpaquePointer) throws -> SecretBytes {
        let count = Int(i2d_PKCS8_PRIV_KEY_INFO(info, nil))
        guard count > 0, count <= CMSPrivateKey.maximumSize else {
            throw CMSError.library(.malformed, "a private key is damaged")
        }
        return try SecretBytes(raw: count) { target in
            var cursor: UnsafeMutablePointer<UInt8>? = target
            guard i2d_PKCS8_PRIV_KEY_INFO(info, &cursor) == count else { throw CMSError.exhausted("encoding") }
        }
    }

    /// Lends a PrivateKeyInfo locked with the password as `X509_SIG`.
    static func withLocked<R>(
        _ pkcs8: SecretBytes, password: SecretBytes, _ body: (OpaquePointer) throws -> R
    ) throws -> R {
        let info = pkcs8.withPointer { bytes in
            var cursor: UnsafePointer<UInt8>? = bytes
            return d2i_PKCS8_PRIV_KEY_INFO(nil, &cursor, pkcs8.count)
        }
        guard let info else { throw CMSError.library(.malformed, "a private key is damaged") }
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        guard let cipher = EVP_CIPHER_fetch(LibraryContext.shared, "AES-256-CBC", nil) else {
            throw CMSError.exhausted("EVP_CIPHER_fetch")
        }
        defer { EVP_CIPHER_free(cipher) }
        let locked = password.withCharacters { characters, count in
            // -1: PBES2 with PBKDF2 and HMAC-SHA-256.
            PKCS8_encrypt_ex(-1, cipher, characters, count, nil, 0, iterations, info, LibraryContext.shared, nil)
        }
        guard let locked else { throw CMSError.exhausted("PKCS8_encrypt_ex") }
        defer { X509_SIG_free(locked) }
        return try body(locked)
    }

    /// The DER encoding of the key locked with the password.
    static func lock(_ pkcs8: SecretBytes, password: SecretBytes) throws -> [UInt8] {
        try withLocked(pkcs8, password: password) { locked in try encodeDER { i2d_X509_SIG(locked, $0) } }
    }
}

extension SecretBytes {
    /// Lends the octets in the types libcrypto takes passwords in.
    func withCharacters<R>(_ body: (UnsafePointer<CChar>, Int32) throws -> R) rethrows -> R {
        try withPointer { bytes in
            try UnsafeRawPointer(bytes).withMemoryRebound(to: CChar.self, capacity: max(count, 1)) {
                try body($0, Int32(clamping: count))
            }
        }
    }
}
