import COpenSSL

/// AES in Galois/Counter Mode with a 16-octet tag (NIST SP 800-38D), keys of 16 or 32 octets, nonces of 12 by custom.
public enum AESGCM {
    public static let tagSize = 16

    private static func method(_ key: SecretBytes) throws -> LibraryContext.Fetched {
        let method = key.count == 32 ? LibraryContext.aes256GCM : key.count == 16 ? LibraryContext.aes128GCM : nil
        guard let method else { throw LibcryptoError(.invalidParameter, "AES-GCM key of \(key.count) octets") }
        return method
    }

    /// The ciphertext followed by its tag. A nonce must never be used twice with one key.
    public static func seal(_ plaintext: Span<UInt8>, key: SecretBytes, nonce: [UInt8], aad: [UInt8]) throws -> [UInt8]
    {
        let size = plaintext.count
        guard size < 1 << 30, aad.count < 1 << 30 else {
            throw LibcryptoError(.invalidParameter, "AES-GCM data above 1 GiB")
        }
        var sealed = [UInt8](repeating: 0, count: size + tagSize)
        try run(key: key, nonce: nonce, aad: aad, encrypt: true) { context in
            var length: Int32 = 0
            return sealed.withUnsafeMutableBufferPointer { output in
                guard let base = output.baseAddress else { return false }
                let encrypted =
                    size == 0
                    || plaintext.withUnsafeBufferPointer {
                        EVP_EncryptUpdate(context, base, &length, $0.baseAddress, Int32(size))
                    } == 1
                return encrypted && EVP_EncryptFinal_ex(context, base + size, &length) == 1
                    && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagSize), base + size) == 1
            }
        }
        return sealed
    }

    /// The plaintext; throws `authenticationFailed` if key, nonce, associated data or any octet differ.
    public static func open(_ sealed: Span<UInt8>, key: SecretBytes, nonce: [UInt8], aad: [UInt8]) throws -> SecretBytes
    {
        guard sealed.count >= tagSize else { throw LibcryptoError(.authenticationFailed, "sealed data is too short") }
        return try SecretBytes(
            raw: sealed.count - tagSize, unsafe: { try open(sealed, key: key, nonce: nonce, aad: aad, into: $0) })
    }

    /// The same into memory of the caller, `sealed.count - 16` octets; it holds garbage when this throws.
    static func open(
        _ sealed: Span<UInt8>, key: SecretBytes, nonce: [UInt8], aad: [UInt8], into output: UnsafeMutablePointer<UInt8>
    ) throws {
        let size = sealed.count - tagSize
        guard size < 1 << 30, aad.count < 1 << 30 else {
            throw LibcryptoError(.invalidParameter, "AES-GCM data above 1 GiB")
        }
        guard size >= 0 else { throw LibcryptoError(.authenticationFailed, "sealed data is too short") }
        try run(key: key, nonce: nonce, aad: aad, encrypt: false) { context in
            sealed.withUnsafeBufferPointer { input in
                guard let base = input.baseAddress else { return false }
                var length: Int32 = 0
                return (size == 0 || EVP_DecryptUpdate(context, output, &length, base, Int32(size)) == 1)
                    && EVP_CIPHER_CTX_ctrl(
                        context, EVP_CTRL_AEAD_SET_TAG, Int32(tagSize), UnsafeMutablePointer(mutating: base + size))
                        == 1
                    && EVP_DecryptFinal_ex(context, output + size, &length) == 1
            }
        }
    }

    private static func run(
        key: SecretBytes, nonce: [UInt8], aad: [UInt8], encrypt: Bool, _ body: (OpaquePointer) -> Bool
    ) throws {
        let method = try method(key)
        guard !nonce.isEmpty, nonce.count <= 128 else {
            throw LibcryptoError(.invalidParameter, "AES-GCM nonce of \(nonce.count) octets")
        }
        guard let context = EVP_CIPHER_CTX_new() else {
            throw LibcryptoError.failure("EVP_CIPHER_CTX_new", .resourceExhausted)
        }
        defer { EVP_CIPHER_CTX_free(context) }
        let direction: Int32 = encrypt ? 1 : 0
        var length: Int32 = 0
        let ready =
            method.withHandle { EVP_CipherInit_ex2(context, $0, nil, nil, direction, nil) } == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, Int32(nonce.count), nil) == 1
            && key.withPointer { EVP_CipherInit_ex2(context, nil, $0, nonce, direction, nil) } == 1
            && (aad.isEmpty || EVP_CipherUpdate(context, nil, &length, aad, Int32(aad.count)) == 1)
        guard ready else { throw LibcryptoError.failure("AES-GCM set-up") }
        guard body(context) else {
            throw LibcryptoError.failure("AES-GCM", encrypt ? .internalFailure : .authenticationFailed)
        }
    }
}
