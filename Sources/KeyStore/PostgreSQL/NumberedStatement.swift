/// A statement whose parameters are numbered (`$1`), as PostgreSQL wants them, made from one that names them (`:name`).
struct NumberedStatement: Equatable {
    let text: String
    /// The name of each parameter, `$1` first.
    let names: [String]

    init(_ sql: String) {
        var scanner = Scanner(Array(sql.utf8))
        scanner.run()
        text = String(decoding: scanner.output, as: UTF8.self)
        names = scanner.names
    }

    /// Copies the text and replaces what names a parameter; what stands in quotes and comments names none.
    private struct Scanner {
        private let input: [UInt8]
        private var position = 0
        private(set) var output: [UInt8] = []
        private(set) var names: [String] = []

        init(_ input: [UInt8]) {
            self.input = input
            output.reserveCapacity(input.count)
        }

        mutating func run() {
            while let octet = peek() {
                switch octet {
                case UInt8(ascii: "'"), UInt8(ascii: "\""): quoted(octet)
                case UInt8(ascii: "-") where peek(1) == octet: take { $0.peek() == UInt8(ascii: "\n") }
                case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): comment()
                case UInt8(ascii: "$"): dollar()
                case UInt8(ascii: ":"): colon()
                case _ where Self.isName(octet): take { !Self.isName($0.peek()) && $0.peek() != UInt8(ascii: "$") }
                default: copy(1)
                }
            }
        }

        private func peek(_ distance: Int = 0) -> UInt8? {
            let index = position + distance
            return index < input.count ? input[index] : nil
        }

        private mutating func copy(_ count: Int) {
            let end = min(position + count, input.count)
            output += input[position..<end]
            position = end
        }

        private mutating func take(until isEnd: (Scanner) -> Bool) {
            while peek() != nil, !isEnd(self) { copy(1) }
        }

        /// A doubled quote in it reads as two texts side by side, which is the same here.
        private mutating func quoted(_ quote: UInt8) {
            copy(1)
            take { $0.peek() == quote }
            copy(1)
        }

        private mutating func comment() {
            var depth = 0
            while peek() != nil {
                if peek() == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                    depth += 1
                    copy(2)
                } else if peek() == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                    depth -= 1
                    copy(2)
                    if depth == 0 { return }
                } else {
                    copy(1)
                }
            }
        }

        /// `$tag$ ... $tag$`.
        private mutating func dollar() {
            var length = 1
            while Self.isName(peek(length)) { length += 1 }
            guard peek(length) == UInt8(ascii: "$") else { return copy(length) }
            let tag = Array(input[position...(position + length)])
            copy(tag.count)
            take { $0.input[$0.position...].starts(with: tag) }
            copy(tag.count)
        }

        private mutating func colon() {
            if peek(1) == UInt8(ascii: ":") { return copy(2) }
            var length = 1
            while Self.isName(peek(length)) { length += 1 }
            guard length > 1, let first = peek(1), !(0x30...0x39).contains(first) else { return copy(1) }
            let name = String(decoding: input[(position + 1)..<(position + length)], as: UTF8.self)
            position += length
            let index = names.firstIndex(of: name) ?? names.count
            if index == names.count { names.append(name) }
            output += Array("$\(index + 1)".utf8)
        }

        private static func isName(_ octet: UInt8?) -> Bool {
            guard let octet else { return false }
            return (0x30...0x39).contains(octet) || (0x41...0x5A).contains(octet & 0xDF) || octet == 0x5F
                || octet >= 0x80
        }
    }
}
