/// Whether data that streams is UTF-8.
struct TextCheck {
    private var begun: [UInt8] = []

    /// - Throws: `expectedText`.
    mutating func push(_ bytes: Span<UInt8>) throws {
        var rest = bytes
        while !begun.isEmpty, rest.count > 0 {
            begun.append(rest[0])
            rest = rest.extracting(1..<rest.count)
            if begun.count >= Self.length(of: begun[0]) {
                try Self.check(begun.span)
                begun.removeAll()
            }
        }
        let cut = Self.unfinished(rest)
        try Self.check(rest.extracting(0..<rest.count - cut))
        for index in rest.count - cut..<rest.count { begun.append(rest[index]) }
    }

    /// - Throws: `expectedText` where the last character is cut.
    func finish() throws {
        guard begun.isEmpty else { throw Self.failure }
    }

    private static let failure = Failure(.expectedText, "the data is not UTF-8 text")

    private static func check(_ bytes: Span<UInt8>) throws {
        guard (try? UTF8Span(validating: bytes)) != nil else { throw failure }
    }

    /// Octets at the end that begin a character without ending it.
    private static func unfinished(_ bytes: Span<UInt8>) -> Int {
        for back in 1..<4 where back <= bytes.count {
            let octet = bytes[bytes.count - back]
            if octet & 0xC0 == 0x80 { continue }
            return length(of: octet) > back ? back : 0
        }
        return 0
    }

    private static func length(of first: UInt8) -> Int {
        switch first {
        case 0xC0..<0xE0: 2
        case 0xE0..<0xF0: 3
        case 0xF0...: 4
        default: 1
        }
    }
}
