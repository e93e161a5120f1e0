import Glibc
import Libcrypto

/// Standard output. Small results are written at the end; larger ones to a pipe go through a thread that lets the work
/// go on: a caller who writes all of the input before reading any output does not block us before 16 MiB wait.
final class StandardOutput {
    private static let pieceSize = 64 << 10

    private var piece: [UInt8] = []
    private var writer: PipeWriter?
    /// Files take everything at once.
    private lazy var isFile: Bool = {
        var status = stat()
        return fstat(1, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }()

    /// Lets `body` append to what will be written.
    func append(_ body: (inout [UInt8]) throws -> Void) throws {
        try body(&piece)
        guard piece.count >= Self.pieceSize else { return }
        if isFile { return try flush() }
        if writer == nil { writer = try PipeWriter(descriptor: 1) }
        try writer?.take(&piece)
    }

    func append(_ bytes: Span<UInt8>) throws {
        try append { output in bytes.withUnsafeBufferPointer { output.append(contentsOf: $0) } }
    }

    func append(_ bytes: [UInt8]) throws { try append { $0 += bytes } }

    /// For short texts.
    func write(_ text: String) { piece.append(contentsOf: text.utf8) }

    /// Writes a secret without a copy of it. Only for what is short and after all input was read.
    func write(_ secret: SecretBytes) throws {
        try flush()
        try secret.withBytes { try $0.withUnsafeBytes { try FileWriter.write($0, to: 1, name: "standard output") } }
    }

    /// Writes what is left. What is not finished may be lost, as it should where something failed.
    func finish() throws {
        guard let writer else { return try flush() }
        try writer.take(&piece)
        try writer.finish()
    }

    private func flush() throws {
        try piece.withUnsafeBytes { try FileWriter.write($0, to: 1, name: "standard output") }
        piece.removeAll(keepingCapacity: true)
    }
}
