import COpenSSL

/// Owns an `EVP_PKEY`, which does not change after it is made and may be used by several threads at once.
package final class KeyOwner: @unchecked Sendable {
    /// What a key is used for.
    package enum Operation: CaseIterable {
        case signing, verification, encryption, decryption, agreement

        fileprivate func start(_ context: OpaquePointer) -> Int32 {
            switch self {
            case .signing: EVP_PKEY_sign_init(context)
            case .verification: EVP_PKEY_verify_init(context)
            case .encryption: EVP_PKEY_encrypt_init(context)
            case .decryption: EVP_PKEY_decrypt_init(context)
            case .agreement: EVP_PKEY_derive_init(context)
            }
        }
    }

    /// Contexts between two uses. To set one up, libcrypto looks many names up: a fifteenth of an ECDSA signature.
    private struct Idle {
        var contexts: [Operation: OpaquePointer] = [:]
        /// Never used itself, only copied: it can sign one message.
        var signing: OpaquePointer?
    }

    private let pointer: OpaquePointer
    private let idle = Lock(Idle())

    package init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit {
        idle.withLock { idle in
            idle.contexts.values.forEach { EVP_PKEY_CTX_free($0) }
            EVP_MD_CTX_free(idle.signing)
        }
        EVP_PKEY_free(pointer)
    }

    package func withHandle<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(pointer)
    }

    /// Lends a new context, for checks of the key.
    package func withContext<R>(_ body: (OpaquePointer) throws -> R) throws -> R {
        let context = try newContext()
        defer { EVP_PKEY_CTX_free(context) }
        return try body(context)
    }

    private func newContext() throws -> OpaquePointer {
        guard let context = withHandle({ EVP_PKEY_CTX_new_from_pkey(LibraryContext.shared, $0, nil) }) else {
            throw LibcryptoError.failure("EVP_PKEY_CTX_new_from_pkey", .resourceExhausted)
        }
        return context
    }

    /// Lends a context that is ready for `operation`; `body` has it alone, and sets whatever it needs itself.
    func withContext<R>(for operation: Operation, _ body: (OpaquePointer) throws -> R) throws -> R {
        let context = try idle.withLock { $0.contexts.removeValue(forKey: operation) } ?? prepared(for: operation)
        do {
            let result = try body(context)
            let surplus = idle.withLock { $0.contexts.updateValue(context, forKey: operation) }
            EVP_PKEY_CTX_free(surplus)
            return result
        } catch {
            EVP_PKEY_CTX_free(context)
            throw error
        }
    }

    private func prepared(for operation: Operation) throws -> OpaquePointer {
        let context = try newContext()
        guard operation.start(context) == 1 else {
            EVP_PKEY_CTX_free(context)
            throw LibcryptoError.failure("the set-up for \(operation)", .invalidParameter)
        }
        return context
    }

    /// Lends a context that signs one message with a key of the Edwards family.
    func withSigningContext<R>(_ body: (OpaquePointer) throws -> R) throws -> R {
        guard let context = EVP_MD_CTX_new() else { throw LibcryptoError.failure("EVP_MD_CTX_new", .resourceExhausted) }
        defer { EVP_MD_CTX_free(context) }
        let ready = idle.withLock { idle in
            if idle.signing == nil { idle.signing = newSigningContext() }
            return idle.signing.map { EVP_MD_CTX_copy_ex(context, $0) == 1 } ?? false
        }
        guard ready else { throw LibcryptoError.failure("EVP_DigestSignInit_ex") }
        return try body(context)
    }

    private func newSigningContext() -> OpaquePointer? {
        guard let context = EVP_MD_CTX_new() else { return nil }
        let status = withHandle { EVP_DigestSignInit_ex(context, nil, nil, LibraryContext.shared, nil, $0, nil) }
        if status == 1 { return context }
        EVP_MD_CTX_free(context)
        return nil
    }

    /// A key from its numbers. Throws `invalidParameter` where they make none.
    package static func make(_ algorithm: String, isPrivate: Bool, _ numbers: Parameters) throws -> KeyOwner {
        guard let context = EVP_PKEY_CTX_new_from_name(LibraryContext.shared, algorithm, nil) else {
            throw LibcryptoError.failure("EVP_PKEY_CTX_new_from_name", .unsupported)
        }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        let selection = isPrivate ? guardd_keypair_selection() : guardd_public_key_selection()
        let status = numbers.withList { parameters -> Int32 in
            guard EVP_PKEY_fromdata_init(context) == 1 else { return 0 }
            return EVP_PKEY_fromdata(context, &key, selection, parameters)
        }
        guard status == 1, let key else {
            throw LibcryptoError.failure("making the \(algorithm) key", .invalidParameter)
        }
        return KeyOwner(key)
    }

    /// A fresh key.
    static func generate(_ algorithm: String, _ parameters: Parameters) throws -> KeyOwner {
        guard let context = EVP_PKEY_CTX_new_from_name(LibraryContext.shared, algorithm, nil) else {
            throw LibcryptoError.failure("EVP_PKEY_CTX_new_from_name", .resourceExhausted)
        }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        let status = parameters.withList { parameters -> Int32 in
            guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_params(context, parameters) == 1 else {
                return 0
            }
            return EVP_PKEY_generate(context, &key)
        }
        guard status == 1, let key else { throw LibcryptoError.failure("\(algorithm) key generation") }
        return KeyOwner(key)
    }

    /// A key of the Edwards or Montgomery family from its octets.
    static func raw(_ algorithm: String, publicKey: [UInt8]) throws -> KeyOwner {
        guard
            let key = EVP_PKEY_new_raw_public_key_ex(
                LibraryContext.shared, algorithm, nil, publicKey, publicKey.count)
        else { throw LibcryptoError.failure("making the \(algorithm) key", .invalidParameter) }
        return KeyOwner(key)
    }

    package static func raw(_ algorithm: String, privateKey: SecretBytes) throws -> KeyOwner {
        let made = privateKey.withPointer {
            EVP_PKEY_new_raw_private_key_ex(LibraryContext.shared, algorithm, nil, $0, privateKey.count)
        }
        guard let made else { throw LibcryptoError.failure("making the \(algorithm) key", .invalidParameter) }
        return KeyOwner(made)
    }

    /// The public key in its own encoding: 04 and both coordinates, or the raw octets.
    package func encodedPublicKey() throws -> [UInt8] {
        try withHandle { key in
            // Ed25519 and Ed448 have no "encoded" form in libcrypto 3.0, only a raw one, which other keys lack.
            var size = 0
            if EVP_PKEY_get_raw_public_key(key, nil, &size) == 1 {
                var raw = [UInt8](repeating: 0, count: size)
                guard EVP_PKEY_get_raw_public_key(key, &raw, &size) == 1, size == raw.count else {
                    throw LibcryptoError.failure("EVP_PKEY_get_raw_public_key")
                }
                return raw
            }
            ERR_clear_error()
            var buffer: UnsafeMutablePointer<UInt8>?
            let count = EVP_PKEY_get1_encoded_public_key(key, &buffer)
            guard count > 0, let buffer else { throw LibcryptoError.failure("EVP_PKEY_get1_encoded_public_key") }
            defer { CRYPTO_free(buffer, nil, 0) }
            return [UInt8](UnsafeBufferPointer(start: buffer, count: count))
        }
    }

    /// One number of the key, most significant octet first, with zeros in front to `size` octets.
    func number(_ name: String, size: Int) throws -> SecretBytes {
        let native = try SecretBytes(
            raw: size,
            unsafe: { target in
                let status = withHandle { key in
                    name.withCString { name in
                        var list = [OSSL_PARAM_construct_BN(name, target, size), OSSL_PARAM_construct_end()]
                        return EVP_PKEY_get_params(key, &list)
                    }
                }
                guard status == 1 else { throw LibcryptoError.failure("reading \(name)") }
            })
        return native.reversed()
    }

    /// One public number of at most `size` octets, without zeros in front.
    func publicNumber(_ name: String, size: Int) throws -> [UInt8] {
        try number(name, size: size).withBytes { bytes in
            Array((0..<bytes.count).map { bytes[$0] }.drop { $0 == 0 })
        }
    }
}
