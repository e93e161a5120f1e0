import COpenSSL

/// AES key wrap (RFC 3394) with its default initial value.
public enum AESKeyWrap {
    private static let methods = [16, 24, 32].map { LibraryContext.cipher("AES-\($0 * 8)-WRAP") }

    private static func context(_ kek: SecretBytes, encrypt: Bool) throws -> OpaquePointer {
        guard kek.count == 16 || kek.count == 24 || kek.count == 32, let method = methods[kek.count / 8 - 2] else {
            throw LibcryptoError(.invalidParameter, "AES key wrap with a key of \(kek.count) octets")
        }
        guard let context = EVP_CIPHER_CTX_new() else {
            throw LibcryptoError.failure("EVP_CIPHER_CTX_new", .resourceExhausted)
        }
        EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW)
        let ready = method.withHandle { method in
            kek.withPointer { EVP_CipherInit_ex2(context, method, $0, nil, encrypt ? 1 : 0, nil) }
        }
        guard ready == 1 else {
            EVP_CIPHER_CTX_free(context)
            throw LibcryptoError.failure("key wrap set-up")
        }
        return context
    }

    /// The wrapped key, eight octets longer; `key` is a multiple of eight octets, at least 16.
    public static func wrap(_ key: SecretBytes, kek: SecretBytes) throws -> [UInt8] {
        guard key.count >= 16, key.count % 8 == 0, key.count <= 1 << 16 else {
            throw LibcryptoError(.invalidParameter, "key wrap of \(key.count) octets")
        }
        let context = try context(kek, encrypt: true)
        defer { EVP_CIPHER_CTX_free(context) }
        var output = [UInt8](repeating: 0, count: key.count + 16)
        var written: Int32 = 0
        guard key.withPointer({ EVP_CipherUpdate(context, &output, &written, $0, Int32(key.count)) }) == 1,
            Int(written) == key.count + 8
        else { throw LibcryptoError.failure("key wrap") }
        return Array(output.prefix(key.count + 8))
    }

    /// The key; throws `authenticationFailed` if its integrity check fails.
    public static func unwrap(_ wrapped: [UInt8], kek: SecretBytes) throws -> SecretBytes {
        guard wrapped.count >= 24, wrapped.count % 8 == 0, wrapped.count <= 1 << 16 else {
            throw LibcryptoError(.authenticationFailed, "wrapped key of \(wrapped.count) octets")
        }
        let context = try context(kek, encrypt: false)
        defer { EVP_CIPHER_CTX_free(context) }
        // libcrypto may write a block beyond the key.
        let work = try SecretBytes(
            raw: wrapped.count + 16,
            unsafe: { output in
                var written: Int32 = 0
                guard EVP_CipherUpdate(context, output, &written, wrapped, Int32(wrapped.count)) == 1,
                    Int(written) == wrapped.count - 8
                else { throw LibcryptoError.failure("key unwrap", .authenticationFailed) }
            })
        guard let key = work.slice(0..<wrapped.count - 8) else { throw LibcryptoError.failure("key unwrap") }
        return key
    }
}
