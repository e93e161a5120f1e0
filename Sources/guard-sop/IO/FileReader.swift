import Glibc

/// Reads a file, a pipe or a socket to its end.
final class FileReader {
    private let descriptor: Int32
    private let name: String
    /// Pieces grow with what comes, so that a short message does not pay for long ones.
    private static let firstSize = 16 << 10
    private static let largestSize = 256 << 10

    init(_ descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    static func standardInput() -> FileReader { FileReader(0, name: "standard input") }

    /// Hands over the octets as they come.
    func forEachPiece(_ body: (Span<UInt8>) throws -> Void) throws {
        var buffer = [UInt8](repeating: 0, count: Self.firstSize)
        while true {
            let count = try fill(&buffer)
            guard count > 0 else { return }
            try body(buffer.span.extracting(0..<count))
            if count == buffer.count, count < Self.largestSize {
                buffer = [UInt8](repeating: 0, count: Self.largestSize)
            }
        }
    }

    /// Everything at once; for keys, certificates, signatures.
    func all() throws -> [UInt8] {
        var result: [UInt8] = []
        try forEachPiece { piece in piece.withUnsafeBufferPointer { result.append(contentsOf: $0) } }
        return result
    }

    private func fill(_ buffer: inout [UInt8]) throws -> Int {
        while true {
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 { return count }
            guard errno == EINTR else {
                throw Failure(.missingInput, "\(name): \(String(cString: strerror(errno)))")
            }
        }
    }
}
