import COpenSSL

/// An RSA key to which clients encrypt short secrets (RFC 8017).
public final class RSATransportKey: Sendable {
    private let owner: KeyOwner
    private let rejection: ImplicitRejection
    /// The private key as PKCS#8 (RFC 5958), DER.
    public let pkcs8: SecretBytes
    /// The public key as SubjectPublicKeyInfo (RFC 5280), DER.
    public let publicKeyInfo: [UInt8]
    /// Octets of the modulus, and so of every ciphertext.
    public let size: Int

    private init(_ owner: KeyOwner) throws {
        self.owner = owner
        size = owner.withHandle { Int(EVP_PKEY_get_size($0)) }
        pkcs8 = try owner.withHandle(Self.encode)
        publicKeyInfo = try owner.withHandle(Self.encodePublic)
        guard owner.withHandle({ EVP_PKEY_is_a($0, "RSA") }) == 1, size >= 256 else {
            throw LibcryptoError(.invalidParameter, "the key is no RSA key of at least 2048 bits")
        }
        rejection = try ImplicitRejection(pkcs8, label: "guardd RSA transport implicit rejection")
    }

    /// A fresh key. `bits` is 2048 to 8192; takes a tenth of a second to many seconds.
    public static func generate(bits: Int = 3072) throws -> RSATransportKey {
        guard (2048...8192).contains(bits) else {
            throw LibcryptoError(.invalidParameter, "an RSA key of \(bits) bits")
        }
        var parameters = Parameters()
        parameters.integer("bits", UInt32(bits))
        return try RSATransportKey(try KeyOwner.generate("RSA", parameters))
    }

    /// Reads ``pkcs8``. Throws `invalidParameter` for anything but an RSA key of at least 2048 bits.
    public convenience init(pkcs8: SecretBytes) throws {
        let key = pkcs8.withPointer { bytes -> OpaquePointer? in
            var cursor: UnsafePointer<UInt8>? = bytes
            guard let info = d2i_PKCS8_PRIV_KEY_INFO(nil, &cursor, pkcs8.count) else { return nil }
            defer { PKCS8_PRIV_KEY_INFO_free(info) }
            return EVP_PKCS82PKEY_ex(info, LibraryContext.shared, nil)
        }
        guard let key else { throw LibcryptoError.failure("reading the RSA key", .invalidParameter) }
        try self.init(KeyOwner(key))
    }

    private static func encode(_ key: OpaquePointer) throws -> SecretBytes {
        guard let info = EVP_PKEY2PKCS8(key) else { throw LibcryptoError.failure("encoding the RSA key") }
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        let count = Int(i2d_PKCS8_PRIV_KEY_INFO(info, nil))
        guard count > 0 else { throw LibcryptoError.failure("encoding the RSA key") }
        return try SecretBytes(
            raw: count,
            unsafe: { target in
                var cursor: UnsafeMutablePointer<UInt8>? = target
                guard i2d_PKCS8_PRIV_KEY_INFO(info, &cursor) == count else {
                    throw LibcryptoError.failure("encoding the RSA key")
                }
            })
    }

    private static func encodePublic(_ key: OpaquePointer) throws -> [UInt8] {
        let count = Int(i2d_PUBKEY(key, nil))
        guard count > 0 else { throw LibcryptoError.failure("encoding the RSA public key") }
        var bytes = [UInt8](repeating: 0, count: count)
        let written = bytes.withUnsafeMutableBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return i2d_PUBKEY(key, &cursor)
        }
        guard Int(written) == count else { throw LibcryptoError.failure("encoding the RSA public key") }
        return bytes
    }

    /// The secret in a ciphertext of RSAES-OAEP (section 7.1) with SHA-256 for hash and mask, no label.
    ///
    /// - Throws: `authenticationFailed`, whatever was wrong.
    public func decryptOAEP(_ ciphertext: [UInt8]) throws -> SecretBytes {
        guard let method = LibraryContext.digests[HashAlgorithm.sha256.rawValue] else {
            throw LibcryptoError(.unsupported, "SHA-256 is not available")
        }
        do {
            return try decrypt(ciphertext) { context in
                EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1
                    && method.withHandle {
                        EVP_PKEY_CTX_set_rsa_oaep_md(context, $0) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(context, $0) == 1
                    }
            }
        } catch {
            throw LibcryptoError(.authenticationFailed, "RSA-OAEP failed")
        }
    }

    /// The secret in a ciphertext of RSAES-PKCS1-v1_5 (section 7.2). Where the padding is wrong it is another one, of 32
    /// octets, always the same for the same ciphertext: from the outside nothing tells which happened.
    ///
    /// - Throws: `authenticationFailed` only for what anybody can see, a number that is too large or of a wrong size.
    public func decryptPKCS1(_ ciphertext: [UInt8]) throws -> SecretBytes {
        let encoded: SecretBytes
        do {
            encoded = try decrypt(ciphertext) { EVP_PKEY_CTX_set_rsa_padding($0, RSA_NO_PADDING) == 1 }
        } catch {
            throw LibcryptoError(.authenticationFailed, "RSA failed")
        }
        guard encoded.count == size else { throw LibcryptoError(.internalFailure, "RSA gave a short number") }
        return try rejection.message(in: encoded, of: ciphertext)
    }

    private func decrypt(_ ciphertext: [UInt8], _ prepare: (OpaquePointer) -> Bool) throws -> SecretBytes {
        guard ciphertext.count == size else {
            throw LibcryptoError(.authenticationFailed, "a ciphertext of a wrong size")
        }
        return try owner.withContext(for: .decryption) { context in
            guard prepare(context) else { throw LibcryptoError.failure("RSA decryption set-up") }
            var count = size
            let padded = try SecretBytes(
                raw: size,
                unsafe: { output in
                    guard EVP_PKEY_decrypt(context, output, &count, ciphertext, ciphertext.count) == 1 else {
                        throw LibcryptoError.failure("RSA decryption", .authenticationFailed)
                    }
                })
            guard let secret = padded.slice(0..<count) else {
                throw LibcryptoError(.internalFailure, "RSA decryption gave too much")
            }
            return secret
        }
    }
}
