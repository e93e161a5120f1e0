/// Walks over the elements of a DER encoding (ITU-T X.690 section 10): lengths definite and minimal, tags of one octet.
///
/// It holds positions only, so that it can walk over secrets that are lent for a moment.
struct DERReader {
    enum Tag {
        static let integer: UInt8 = 0x02
        static let bitString: UInt8 = 0x03
        static let octetString: UInt8 = 0x04
        static let objectIdentifier: UInt8 = 0x06
        static let utf8String: UInt8 = 0x0C
        static let sequence: UInt8 = 0x30
        static func context(_ number: UInt8) -> UInt8 { 0xA0 | number }
    }

    private var position: Int
    private let end: Int

    init(_ range: Range<Int>) {
        position = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { position >= end }

    /// The tag of the next element.
    func peek(_ bytes: Span<UInt8>) -> UInt8? { position < end && position < bytes.count ? bytes[position] : nil }

    /// The next element: its tag, its whole extent and that of its content.
    mutating func next(_ bytes: Span<UInt8>) throws -> (tag: UInt8, whole: Range<Int>, content: Range<Int>) {
        let start = position
        let end = min(end, bytes.count)
        guard end - start >= 2, bytes[start] & 0x1F != 0x1F else { throw Self.malformed }
        var content = start + 2
        var length = Int(bytes[start + 1])
        if length >= 0x80 {
            let octets = length & 0x7F
            guard octets >= 1, octets <= 4, end - content >= octets, bytes[content] != 0 else { throw Self.malformed }
            length = 0
            for index in content..<content + octets { length = length << 8 | Int(bytes[index]) }
            guard length >= 0x80 else { throw Self.malformed }
            content += octets
        }
        guard end - content >= length else { throw Self.malformed }
        position = content + length
        return (bytes[start], start..<position, content..<position)
    }

    /// The content of the next element, which must have this tag.
    mutating func take(_ tag: UInt8, _ bytes: Span<UInt8>) throws -> Range<Int> {
        let element = try next(bytes)
        guard element.tag == tag else { throw Self.malformed }
        return element.content
    }

    /// The content of the next element if it has this tag.
    mutating func takeOptional(_ tag: UInt8, _ bytes: Span<UInt8>) throws -> Range<Int>? {
        peek(bytes) == tag ? try take(tag, bytes) : nil
    }

    /// A non-negative integer that fits; nil for one that does not.
    mutating func takeSmallInteger(_ bytes: Span<UInt8>) throws -> Int? {
        let content = try take(Tag.integer, bytes)
        guard let first = content.first else { throw Self.malformed }
        guard content.count <= 7, bytes[first] < 0x80 else { return nil }
        return content.reduce(0) { $0 << 8 | Int(bytes[$1]) }
    }

    static let malformed = CMSError(.malformed, "an ASN.1 structure is damaged")
}

extension Span<UInt8> {
    /// A copy of a part; empty where the range lies outside.
    func copy(_ range: Range<Int>) -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= count else { return [] }
        return range.map { self[$0] }
    }

    func equals(_ range: Range<Int>, _ other: [UInt8]) -> Bool {
        guard range.count == other.count, range.lowerBound >= 0, range.upperBound <= count else { return false }
        for (index, byte) in zip(range, other) where self[index] != byte { return false }
        return true
    }
}
