import Libcrypto

/// The textual encoding of RFC 7468, and the encryption fields of its ancestor RFC 1421.
public enum PEM {
    /// One block. Its content is kept like a secret, because it may be one.
    struct Block {
        let label: String
        /// The RFC 1421 fields before the content, `Proc-Type` and `DEK-Info`.
        let fields: [String: String]
        let content: SecretBytes
    }

    /// More blocks than anybody puts into a file of certificates (the bundle of a system has about 150).
    static let maximumBlocks = 4096

    /// Encodes one block with lines of 64 characters.
    public static func encode(_ bytes: [UInt8], label: String) -> [UInt8] {
        var output = Array("-----BEGIN \(label)-----\n".utf8)
        Base64.encode(bytes.span, into: &output)
        output.append(contentsOf: "-----END \(label)-----\n".utf8)
        return output
    }

    /// Whether the data has the look of PEM rather than DER.
    static func isLikely(_ bytes: Span<UInt8>) -> Bool { find(dashes: "-----BEGIN ", bytes, from: 0) != nil }

    /// Every block in the text; what stands between blocks is skipped. Throws `malformed`, `limitExceeded`.
    static func blocks(_ bytes: Span<UInt8>) throws -> [Block] {
        var result: [Block] = []
        var position = 0
        while let begin = find(dashes: "-----BEGIN ", bytes, from: position) {
            guard result.count < maximumBlocks else { throw CMSError(.limitExceeded, "too many PEM blocks") }
            let labelEnd = endOfLine(bytes, from: begin)
            let label = text(bytes, begin..<labelEnd)
            guard label.hasSuffix("-----"), label.utf8.count <= 64 else { throw malformed }
            let name = String(label.dropLast(5))
            guard let end = find(dashes: "-----END \(name)-----", bytes, from: labelEnd) else { throw malformed }
            let bodyEnd = end - "-----END \(name)-----".utf8.count
            let (fields, start) = try fields(bytes, from: labelEnd, to: bodyEnd)
            guard let content = decode(bytes, start..<bodyEnd) else { throw malformed }
            result.append(Block(label: name, fields: fields, content: content))
            position = end
        }
        return result
    }

    private static let malformed = CMSError(.malformed, "a PEM block is damaged")

    /// The position after the next occurrence of a mark that stands at the beginning of a line.
    private static func find(dashes mark: String, _ bytes: Span<UInt8>, from start: Int) -> Int? {
        let mark = Array(mark.utf8)
        var position = start
        while bytes.count - position >= mark.count {
            if bytes[position] == 0x2D, position == 0 || bytes[position - 1] == 10 || bytes[position - 1] == 13,
                bytes.equals(position..<position + mark.count, mark)
            {
                return position + mark.count
            }
            position += 1
        }
        return nil
    }

    private static func endOfLine(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var position = start
        while position < bytes.count, bytes[position] != 10, bytes[position] != 13 { position += 1 }
        return position
    }

    private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        var scalars = bytes.copy(range)
        while let last = scalars.last, last == 0x20 || last == 9 { scalars.removeLast() }
        return String(decoding: scalars, as: UTF8.self)
    }

    private static func fields(
        _ bytes: Span<UInt8>, from start: Int, to end: Int
    ) throws -> (fields: [String: String], start: Int) {
        var fields: [String: String] = [:]
        var position = start
        while position < end {
            while position < end, bytes[position] == 10 || bytes[position] == 13 { position += 1 }
            // The mark that ends the block is no field, even with a colon in its label.
            let lineEnd = min(endOfLine(bytes, from: position), end)
            guard let colon = (position..<lineEnd).first(where: { bytes[$0] == 0x3A }) else { break }
            guard fields.count < 8, lineEnd - position <= 200 else { throw malformed }
            let name = text(bytes, position..<colon)
            fields[name] = text(bytes, colon + 1..<lineEnd).filter { $0 != " " }
            position = lineEnd
        }
        return (fields, position)
    }

    /// base64 with white space anywhere, straight into locked memory.
    private static func decode(_ bytes: Span<UInt8>, _ range: Range<Int>) -> SecretBytes? {
        var digits = 0
        var padding = 0
        for index in range {
            switch bytes[index] {
            case 9, 10, 13, 32: continue
            case 0x3D: padding += 1
            default:
                guard padding == 0, value(bytes[index]) != nil else { return nil }
                digits += 1
            }
        }
        guard digits > 0, padding <= 2, (digits + padding).isMultiple(of: 4) else { return nil }
        let count = digits * 3 / 4
        return SecretBytes(count: count) { output in
            var accumulator: UInt32 = 0
            var bits = 0
            var written = 0
            for index in range {
                guard let value = value(bytes[index]) else { continue }
                accumulator = accumulator << 6 | value
                bits += 6
                if bits >= 8, written < count {
                    bits -= 8
                    output[written] = UInt8(truncatingIfNeeded: accumulator >> bits)
                    written += 1
                }
            }
        }
    }

    private static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x41...0x5A: UInt32(byte) - 0x41
        case 0x61...0x7A: UInt32(byte) - 0x61 + 26
        case 0x30...0x39: UInt32(byte) - 0x30 + 52
        case 0x2B: 62
        case 0x2F: 63
        default: nil
        }
    }
}
