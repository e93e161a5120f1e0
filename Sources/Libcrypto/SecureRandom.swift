import COpenSSL

/// Random octets that may become public: nonces, salts, identifiers. Keys come from `SecretBytes.random`.
public enum SecureRandom {
    /// Throws `resourceExhausted` if the generator cannot be seeded.
    public static func bytes(_ count: Int) throws -> [UInt8] {
        guard count > 0 else { return [] }
        var done = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            done = RAND_bytes_ex(LibraryContext.shared, buffer.baseAddress, count, 0) == 1
            filled = done ? count : 0
        }
        guard done else { throw LibcryptoError.failure("RAND_bytes_ex", .resourceExhausted) }
        return bytes
    }
}
