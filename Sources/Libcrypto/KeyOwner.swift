import COpenSSL

/// Owns an `EVP_PKEY`, which does not change after it is made and may be used by several threads at once.
package final class KeyOwner: @unchecked Sendable {
    private let pointer: OpaquePointer

    package init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { EVP_PKEY_free(pointer) }

    package func withHandle<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(pointer)
    }

    /// Runs one operation in a context of its own.
    package func withContext<R>(_ body: (OpaquePointer) throws -> R) throws -> R {
        try withHandle { key in
            guard let context = EVP_PKEY_CTX_new_from_pkey(LibraryContext.shared, key, nil) else {
                throw LibcryptoError.failure("EVP_PKEY_CTX_new_from_pkey", .resourceExhausted)
            }
            defer { EVP_PKEY_CTX_free(context) }
            return try body(context)
        }
    }

    /// A key from its numbers. Throws `invalidParameter` where they make none.
    package static func make(_ algorithm: String, isPrivate: Bool, _ numbers: KeyNumbers) throws -> KeyOwner {
        guard let context = EVP_PKEY_CTX_new_from_name(LibraryContext.shared, algorithm, nil) else {
            throw LibcryptoError.failure("EVP_PKEY_CTX_new_from_name", .unsupported)
        }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        let selection = isPrivate ? guardd_keypair_selection() : guardd_public_key_selection()
        let status = numbers.withParameters { parameters -> Int32 in
            guard EVP_PKEY_fromdata_init(context) == 1 else { return 0 }
            return EVP_PKEY_fromdata(context, &key, selection, parameters)
        }
        guard status == 1, let key else {
            throw LibcryptoError.failure("making the \(algorithm) key", .invalidParameter)
        }
        return KeyOwner(key)
    }

    /// A fresh key.
    static func generate(_ algorithm: String, _ parameter: Parameters.Value) throws -> KeyOwner {
        guard let context = EVP_PKEY_CTX_new_from_name(LibraryContext.shared, algorithm, nil) else {
            throw LibcryptoError.failure("EVP_PKEY_CTX_new_from_name", .resourceExhausted)
        }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        let status = Parameters.with([parameter]) { parameters -> Int32 in
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

extension SecretBytes {
    /// The other order of octets: libcrypto takes and gives integers in the machine's order.
    func reversed() -> SecretBytes {
        SecretBytes(count: count) { target in
            withBytes { source in
                for index in 0..<source.count { target[index] = source[source.count - 1 - index] }
            }
        }
    }
}

/// The numbers of a key in the order and form libcrypto takes them. Secret ones live in locked memory.
package struct KeyNumbers {
    package init() {}

    private enum Value {
        case number(SecretBytes)
        case octets([UInt8])
        case name(String)
    }
    private var values: [(String, Value)] = []

    /// An integer, most significant octet first.
    package mutating func number(_ name: String, _ bytes: [UInt8]) { number(name, SecretBytes(copying: bytes)) }

    package mutating func number(_ name: String, _ bytes: SecretBytes) {
        values.append((name, .number(bytes.count > 0 ? bytes.reversed() : SecretBytes(copying: [0]))))
    }

    package mutating func octets(_ name: String, _ bytes: [UInt8]) { values.append((name, .octets(bytes))) }

    package mutating func name(_ name: String, _ text: String) { values.append((name, .name(text))) }

    func withParameters<R>(_ body: (UnsafeMutablePointer<OSSL_PARAM>) -> R) -> R {
        var owned: [UnsafeMutableRawPointer] = []
        defer { owned.forEach { $0.deallocate() } }
        func copy(_ bytes: some Collection<UInt8>) -> UnsafeMutablePointer<UInt8> {
            let pointer = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
            for (index, byte) in bytes.enumerated() { (pointer + index).initialize(to: byte) }
            owned.append(UnsafeMutableRawPointer(pointer))
            return pointer
        }
        func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
            UnsafeMutableRawPointer(copy(Array(text.utf8) + [0])).assumingMemoryBound(to: CChar.self)
        }
        var list: [OSSL_PARAM] = values.map { name, value in
            switch value {
            case .number(let secret):
                secret.withPointer {
                    OSSL_PARAM_construct_BN(copy(name), UnsafeMutablePointer(mutating: $0), secret.count)
                }
            case .octets(let bytes): OSSL_PARAM_construct_octet_string(copy(name), copy(bytes), bytes.count)
            case .name(let text): OSSL_PARAM_construct_utf8_string(copy(name), copy(text), 0)
            }
        }
        list.append(OSSL_PARAM_construct_end())
        defer { withExtendedLifetime(values) {} }
        return list.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("the list holds at least its end") }
            return body(base)
        }
    }
}
