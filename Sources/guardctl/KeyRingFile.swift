import Glibc
import OpenPGP

/// A file of keys, or standard input, read one key after the other.
final class KeyRingFile {
    private let name: String
    private let descriptor: CInt
    /// What came from standard input, which can be read only once.
    private var whole: [UInt8]?
    private var position = 0
    private var piece = [UInt8](repeating: 0, count: 64 << 10)
    private var cutter = KeyRingCutter()
    private var ready: [KeyRingCutter.Key] = []
    private var hasEnded = false

    var problems: [OpenPGPError] { cutter.problems }

    init(_ name: String) throws {
        self.name = name
        if name == "-" {
            whole = try InputFile.read(name)
            descriptor = -1
        } else {
            descriptor = open(name, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw InputError("\(name): cannot be read") }
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        for index in piece.indices { piece[index] = 0 }
        if let count = whole?.count { for index in 0..<count { whole?[index] = 0 } }
    }

    /// Starts again.
    func rewind() throws {
        guard whole != nil || lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw InputError("\(name): cannot be read twice; give it on standard input")
        }
        position = 0
        cutter = KeyRingCutter()
        ready = []
        hasEnded = false
    }

    /// - Throws: `OpenPGPError` where armor is broken or there is none.
    func next() throws -> KeyRingCutter.Key? {
        while ready.isEmpty, !hasEnded { try fill() }
        return ready.popLast()
    }

    private func fill() throws {
        var keys: [KeyRingCutter.Key] = []
        if let whole {
            let end = min(position + piece.count, whole.count)
            try cutter.push(whole.span.extracting(position..<end)) { keys.append($0) }
            position = end
            hasEnded = end == whole.count
        } else {
            // A local one: a span of a property does not last.
            var piece: [UInt8] = []
            swap(&piece, &self.piece)
            defer { swap(&piece, &self.piece) }
            let count = read(descriptor, &piece, piece.count)
            guard count >= 0 else { throw InputError("\(name): cannot be read") }
            try cutter.push(piece.span.extracting(first: count)) { keys.append($0) }
            hasEnded = count == 0
        }
        if hasEnded { try cutter.finish { keys.append($0) } }
        ready = keys.reversed()
    }
}
