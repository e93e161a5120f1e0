import COpenSSL

/// Keyed hashing (RFC 2104).
public enum HMAC {
    public static func sha256(key: SecretBytes, _ data: [UInt8]) throws -> [UInt8] {
        guard let mac = LibraryContext.hmac, let context = mac.withHandle({ EVP_MAC_CTX_new($0) }) else {
            throw LibcryptoError.failure("EVP_MAC_CTX_new")
        }
        defer { EVP_MAC_CTX_free(context) }
        var output = [UInt8](repeating: 0, count: 32)
        var written = 0
        let done = Parameters(OSSL_MAC_PARAM_DIGEST, "SHA256").withList { parameters in
            key.withPointer { EVP_MAC_init(context, $0, key.count, parameters) } == 1
                && data.withUnsafeBufferPointer { EVP_MAC_update(context, $0.baseAddress, $0.count) } == 1
                && EVP_MAC_final(context, &output, &written, output.count) == 1
        }
        guard done, written == output.count else { throw LibcryptoError.failure("HMAC") }
        return output
    }
}

/// Key derivation from a key (RFC 5869).
public enum HKDF {
    /// `count` octets, at most 255 times 32.
    public static func sha256(ikm: SecretBytes, salt: [UInt8], info: [UInt8], count: Int) throws -> SecretBytes {
        try derive(.sha256, ikm: ikm, salt: salt, info: info, count: count)
    }

    /// `count` octets, at most 255 times the size of the hash.
    public static func derive(
        _ hash: HashAlgorithm, ikm: SecretBytes, salt: [UInt8], info: [UInt8], count: Int
    ) throws -> SecretBytes {
        guard count > 0, count <= 255 * hash.digestSize else {
            throw LibcryptoError(.invalidParameter, "HKDF output of \(count) octets")
        }
        guard let kdf = LibraryContext.hkdf, let context = kdf.withHandle({ EVP_KDF_CTX_new($0) }) else {
            throw LibcryptoError.failure("EVP_KDF_CTX_new")
        }
        defer { EVP_KDF_CTX_free(context) }
        var parameters = Parameters(OSSL_KDF_PARAM_DIGEST, hash.libraryName)
        parameters.octets(OSSL_KDF_PARAM_KEY, ikm)
        if !salt.isEmpty { parameters.octets(OSSL_KDF_PARAM_SALT, salt) }
        if !info.isEmpty { parameters.octets(OSSL_KDF_PARAM_INFO, info) }
        return try SecretBytes(
            raw: count,
            unsafe: { output in
                guard parameters.withList({ EVP_KDF_derive(context, output, count, $0) }) == 1 else {
                    throw LibcryptoError.failure("HKDF")
                }
            })
    }
}
