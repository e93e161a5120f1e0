import Glibc
import Libcrypto

/// What is written beside standard output: made before the work begins, so that it is there even when it stays empty, and
/// taken away again unless the work succeeds.
final class OutputFile {
    private let descriptor: Int32
    private let name: String
    /// The path of a file that nobody is promised yet.
    private var provisional: String?

    /// - Parameter isSecret: whether only the caller may read it.
    init(_ text: String, isSecret: Bool = false) throws {
        name = text
        switch try Designator(text) {
        case .environment:
            throw Failure(.unsupportedSpecialPrefix, "\(text): nothing can be written to the environment")
        case .descriptor(let number):
            guard fcntl(number, F_GETFD) >= 0 else { throw Failure(.missingInput, "\(text) is not open") }
            descriptor = number
        case .file(let path):
            descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, isSecret ? 0o600 : 0o666)
            guard descriptor >= 0 else {
                throw Failure(
                    errno == EEXIST ? .outputExists : .unspecified, "\(path): \(String(cString: strerror(errno)))")
            }
            provisional = path
        }
    }

    deinit {
        if let provisional { unlink(provisional) }
        close(descriptor)
    }

    /// The work succeeded.
    func keep() { provisional = nil }

    func write(_ text: String) throws { try write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try FileWriter.write($0, to: descriptor, name: name) }
    }

    func write(_ secret: SecretBytes) throws {
        try secret.withBytes { try $0.withUnsafeBytes { try FileWriter.write($0, to: descriptor, name: name) } }
    }
}

enum FileWriter {
    /// Writes all of it.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, name: String) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw Failure(.unspecified, "\(name): \(String(cString: strerror(errno)))")
            }
        }
    }
}

enum StandardError {
    /// One line.
    static func say(_ message: String) {
        let line = Array("guard-sop: \(message)\n".utf8)
        // Nothing can be done where even that fails.
        try? line.withUnsafeBytes { try FileWriter.write($0, to: 2, name: "standard error") }
    }
}
