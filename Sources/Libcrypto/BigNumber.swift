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

    var isZero: Bool { withHandle { BN_is_zero($0) == 1 } }

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
