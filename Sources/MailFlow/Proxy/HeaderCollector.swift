import MIME
import ProtectedMail

/// Collects the header of a message that comes in pieces, line ends CRLF.
struct HeaderCollector {
    /// Octets that are waited for; how much of it is taken is up to the message.
    private static let maximum = (1 << 20) + (64 << 10)

    private(set) var bytes: [UInt8] = []
    private var lineStart = 0

    /// Takes the next octets.
    ///
    /// - Returns: where in them the body begins; nil while the header goes on.
    mutating func push(_ span: Span<UInt8>) -> Int? {
        for index in 0..<span.count {
            let byte = span[index]
            bytes.append(byte)
            guard byte == 0x0A || bytes.count > Self.maximum else { continue }
            let line = bytes[lineStart...]
            lineStart = bytes.count
            if line.elementsEqual([0x0D, 0x0A]) || line.elementsEqual([0x0A]) || bytes.count > Self.maximum {
                return index + 1
            }
        }
        return nil
    }

    /// The fields, and what belongs to the body although no blank line stands before it; nil where the header is too large.
    func split() -> (fields: [HeaderField], rest: [UInt8])? {
        var limits = Limits.standard
        limits.maxHeaderBytes = Self.maximum + 1
        limits.maxLineLength = Self.maximum + 1
        guard let (fields, rest) = try? splitMessage(bytes, limits: limits) else { return nil }
        return (fields, Array(rest))
    }
}
