import COpenSSL
import Glibc

/// The file behind a `Spool`: nameless, of records of one size, sealed where they are secret. The nonce of a sealed record
/// is its index, which never repeats under the key of this object.
final class SpoolFile {
    private let descriptor: Int32
    /// nil where records are written as they are.
    private let key: SecretBytes?
    private var records = 0
    private let stride: Int

    init(directory: String?, isSealed: Bool) throws {
        key = isSealed ? try SecretBytes.random(count: 32) : nil
        stride = Spool.recordSize + (isSealed ? AESGCM.tagSize : 0)
        let folder = directory ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
        // O_TMPFILE, whose macro is not imported.
        var descriptor = open(folder, 0o20000000 | O_DIRECTORY | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor < 0 {
            var template = Array((folder + "/guardd.XXXXXX").utf8CString)
            descriptor = mkstemp(&template)
            if descriptor >= 0 {
                unlink(template)
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            }
        }
        guard descriptor >= 0 else { throw Self.error("cannot make a spool file in \(folder)") }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    private static func error(_ what: String) -> LibcryptoError {
        LibcryptoError(.spoolFailed, what + ": " + String(cString: strerror(errno)))
    }

    private func nonce(_ index: Int) -> [UInt8] {
        (0..<12).map { $0 < 4 ? 0 : UInt8(truncatingIfNeeded: index >> ((11 - $0) * 8)) }
    }

    /// Writes one full record at the end.
    func append(_ record: [UInt8]) throws {
        let stored = try key.map { try AESGCM.seal(record.span, key: $0, nonce: nonce(records), aad: []) } ?? record
        try stored.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let result = pwrite(
                    descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written,
                    off_t(records * stride + written))
                if result < 0, errno == EINTR { continue }
                guard result > 0 else { throw Self.error("writing the spool failed") }
                written += result
            }
        }
        records += 1
    }

    func forEachRecord(_ body: (Span<UInt8>) throws -> Void) throws {
        var stored = [UInt8](repeating: 0, count: stride)
        // Stays empty where nothing is sealed.
        var record = [UInt8](repeating: 0, count: key == nil ? 0 : Spool.recordSize)
        defer { record.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        for index in 0..<records {
            try stored.withUnsafeMutableBytes { buffer in
                var got = 0
                while got < buffer.count {
                    let result = pread(
                        descriptor, buffer.baseAddress.map { $0 + got }, buffer.count - got, off_t(index * stride + got)
                    )
                    if result < 0, errno == EINTR { continue }
                    guard result > 0 else { throw Self.error("reading the spool failed") }
                    got += result
                }
            }
            guard let key else {
                try body(stored.span)
                continue
            }
            try record.withUnsafeMutableBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                try AESGCM.open(stored.span, key: key, nonce: nonce(index), aad: [], into: base)
            }
            try body(record.span)
        }
    }
}
