import Libcrypto
import OpenPGP

/// Passes secret octets through an array where a parser wants one, and wipes the array.
enum SecretBuffer {
    static func parse(_ secret: SecretBytes) throws -> SecretCertificate {
        try with(secret) { try SecretCertificate(parsing: $0) }
    }

    static func with<R>(_ secret: SecretBytes, _ body: ([UInt8]) throws -> R) rethrows -> R {
        var copy: [UInt8] = []
        // Enough at once: a buffer that grows leaves copies behind.
        copy.reserveCapacity(secret.count)
        secret.withBytes { bytes in for index in bytes.indices { copy.append(bytes[index]) } }
        defer { wipe(&copy) }
        return try body(copy)
    }

    @inline(never)
    static func wipe(_ bytes: inout [UInt8]) {
        var span = bytes.mutableSpan
        for index in span.indices { span[index] = 0 }
    }
}
