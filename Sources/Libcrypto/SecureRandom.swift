import COpenSSL
import Glibc

/// Random octets that may become public: nonces, salts, identifiers. Keys come from `SecretBytes.random`.
public enum SecureRandom {
    /// Throws `resourceExhausted` if the generator cannot be seeded.
    public static func bytes(_ count: Int) throws -> [UInt8] {
        guard count > 0 else { return [] }
        var done = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            done = fill(buffer.baseAddress, count) { RAND_bytes_ex(LibraryContext.shared, $0, $1, 0) }
            filled = done ? count : 0
        }
        guard done else { throw LibcryptoError.failure("RAND_bytes_ex", .resourceExhausted) }
        return bytes
    }

    /// Fills memory from libcrypto's generator or, in a process that does one thing, from the kernel's, which libcrypto
    /// would only be seeded by. False where there is none.
    static func fill(
        _ target: UnsafeMutablePointer<UInt8>?, _ count: Int, _ library: (UnsafeMutablePointer<UInt8>?, Int) -> Int32
    ) -> Bool {
        guard LibraryContext.isShortLived else { return library(target, count) == 1 }
        // The kernel gives up to 256 octets at once, without interruption.
        for start in stride(from: 0, to: count, by: 256) {
            guard let target, getentropy(target + start, min(256, count - start)) == 0 else { return false }
        }
        return true
    }
}
