/// Where each key of a TOML document stands: the library does not tell. Made for documents that have been parsed
/// without an error; for others the lines may be wrong, and nothing else.
struct LineIndex {
    private var lines: [String: Int] = [:]

    /// Paths are written as `table.key` and `array[0].key`.
    init(_ text: String) {
        var scanner = Scanner(bytes: Array(text.utf8))
        var prefix = ""
        var counts: [String: Int] = [:]
        while let byte = scanner.peekSignificant() {
            let line = scanner.line
            if byte == 0x5B {
                let isArray = scanner.skipBrackets()
                let path = scanner.keys().joined(separator: ".")
                // A sub-table of an array's table belongs to the table begun last.
                var resolved = LineIndex.resolve(path, counts)
                if isArray {
                    let number = counts[resolved] ?? 0
                    counts[resolved] = number + 1
                    if number == 0 { lines[resolved] = line }
                    resolved += "[\(number)]"
                }
                lines[resolved] = line
                prefix = resolved + "."
                scanner.skipLine()
            } else {
                let path = prefix + scanner.keys().joined(separator: ".")
                lines[path] = line
                scanner.skipValue()
            }
        }
    }

    private static func resolve(_ path: String, _ counts: [String: Int]) -> String {
        let parts = path.split(separator: ".").map(String.init)
        var result = ""
        for (index, part) in parts.enumerated() {
            result += (result.isEmpty ? "" : ".") + part
            if index < parts.count - 1, let count = counts[result] { result += "[\(count - 1)]" }
        }
        return result
    }

    /// The line of a path, or of what contains it; 0 for the document.
    subscript(path: String) -> Int {
        var path = Substring(path)
        while !path.isEmpty {
            if let line = lines[String(path)] { return line }
            guard let cut = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return 0 }
            path = path[..<cut]
        }
        return 0
    }

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0
        var line = 1

        init(bytes: [UInt8]) { self.bytes = bytes }

        func peek(_ offset: Int = 0) -> UInt8? {
            bytes.indices.contains(position + offset) ? bytes[position + offset] : nil
        }

        mutating func advance() {
            if peek() == 0x0A { line += 1 }
            position += 1
        }

        /// The next byte that is neither white space nor part of a comment.
        mutating func peekSignificant() -> UInt8? {
            while let byte = peek() {
                if byte == 0x23 { skipLine() } else if byte <= 0x20 { advance() } else { return byte }
            }
            return nil
        }

        mutating func skipLine() { while let byte = peek(), byte != 0x0A { advance() } }

        mutating func skipBrackets() -> Bool {
            advance()
            guard peek() == 0x5B else { return false }
            advance()
            return true
        }

        /// A dotted key, up to `=` or `]`.
        mutating func keys() -> [String] {
            var keys: [String] = []
            var current: [UInt8] = []
            while let byte = peek(), byte != 0x3D, byte != 0x5D, byte != 0x0A {
                switch byte {
                case 0x22, 0x27: current += string()
                case 0x2E:
                    keys.append(String(decoding: current, as: UTF8.self))
                    current = []
                    advance()
                default:
                    if byte > 0x20 { current.append(byte) }
                    advance()
                }
            }
            return keys + [String(decoding: current, as: UTF8.self)]
        }

        /// A quoted string, quotes left out; escapes are not resolved, keys that need them have no setting.
        mutating func string() -> [UInt8] {
            guard let quote = peek() else { return [] }
            let isLong = peek(1) == quote && peek(2) == quote
            for _ in 0..<(isLong ? 3 : 1) { advance() }
            var content: [UInt8] = []
            while let byte = peek() {
                if byte == 0x5C, quote == 0x22 {
                    content.append(byte)
                    advance()
                    if let next = peek() { content.append(next) }
                    advance()
                } else if byte == quote, !isLong || (peek(1) == quote && peek(2) == quote) {
                    for _ in 0..<(isLong ? 3 : 1) { advance() }
                    while isLong, peek() == quote { advance() }
                    break
                } else {
                    content.append(byte)
                    advance()
                }
            }
            return content
        }

        /// The value behind a key: up to the end of the line that closes all its brackets.
        mutating func skipValue() {
            var depth = 0
            while let byte = peek() {
                switch byte {
                case 0x22, 0x27: _ = string()
                case 0x23: skipLine()
                case 0x5B, 0x7B:
                    depth += 1
                    advance()
                case 0x5D, 0x7D:
                    depth -= 1
                    advance()
                case 0x0A where depth <= 0:
                    advance()
                    return
                default: advance()
                }
            }
        }
    }
}
