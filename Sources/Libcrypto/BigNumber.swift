import COpenSSL

/// Owns a `BIGNUM` and cleanses it in the end.
final class BigNumber {
    private let pointer: OpaquePointer

    /// Zero, to hold a result.
    init() throws {
        guard let pointer = BN_new() else { throw LibcryptoError.failure("BN_new", .resourceExhausted) }
        self.pointer = pointer
    }

    /// A public number, most significant octet first.
    init(_ bytes: [UInt8]) throws {
        guard bytes.count <= 1 << 16, let pointer = BN_bin2bn(bytes, Int32(bytes.count), nil) else {
            throw LibcryptoError.failure("BN_bin2bn", .resourceExhausted)
        }
        self.pointer = pointer
    }

    /// A secret number: libcrypto then takes the ways through its arithmetic that do not depend on it.
    init(_ secret: SecretBytes) throws {
        guard secret.count <= 1 << 16,
            let pointer = secret.withPointer({ BN_bin2bn($0, Int32(secret.count), nil) })
        else { throw LibcryptoError.failure("BN_bin2bn", .resourceExhausted) }
        BN_set_flags(pointer, BN_FLG_CONSTTIME)
        self.pointer = pointer
    }

    deinit { BN_clear_free(pointer) }

    func withHandle<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(pointer)
    }

    /// Whether the number is less than `other`.
    func isLess(than other: BigNumber) -> Bool { withHandle { a in other.withHandle { b in BN_cmp(a, b) < 0 } } }

    func equals(_ other: BigNumber) -> Bool { withHandle { a in other.withHandle { b in BN_cmp(a, b) == 0 } } }

    var isZero: Bool { withHandle { BN_is_zero($0) == 1 } }

    var isOne: Bool { withHandle { BN_is_one($0) == 1 } }

    func times(_ other: BigNumber) throws -> BigNumber {
        try result { result, context in
            withHandle { a in other.withHandle { b in BN_mul(result, a, b, context) } }
        }
    }

    /// The rest of a division; throws `invalidParameter` where `divisor` is zero.
    func modulo(_ divisor: BigNumber) throws -> BigNumber {
        try result { result, context in
            withHandle { a in divisor.withHandle { b in BN_div(nil, result, a, b, context) } }
        }
    }

    func minusOne() throws -> BigNumber {
        try result { result, _ in withHandle { a in BN_copy(result, a) == nil ? 0 : BN_sub_word(result, 1) } }
    }

    /// A secret number that `body` computes; it returns 1 where that worked.
    private func result(_ body: (OpaquePointer, OpaquePointer) -> Int32) throws -> BigNumber {
        guard let context = BN_CTX_secure_new() else { throw LibcryptoError.failure("BN_CTX_new", .resourceExhausted) }
        defer { BN_CTX_free(context) }
        let result = try BigNumber()
        let status = result.withHandle { result in
            BN_set_flags(result, BN_FLG_CONSTTIME)
            return body(result, context)
        }
        guard status == 1 else {
            throw LibcryptoError.failure("arithmetic with the numbers of a key", .invalidParameter)
        }
        return result
    }

    /// The same for a public number.
    func octets(size: Int) throws -> [UInt8] {
        try secret(size: size).withBytes { bytes in bytes.indices.map { bytes[$0] } }
    }

    /// Most significant octet first, with zeros in front to `size` octets, in time that depends on sizes only.
    func secret(size: Int) throws -> SecretBytes {
        try SecretBytes(
            raw: size,
            unsafe: { output in
                guard withHandle({ BN_bn2binpad($0, output, Int32(size)) }) == Int32(size) else {
                    throw LibcryptoError.failure("BN_bn2binpad")
                }
            })
    }
}
