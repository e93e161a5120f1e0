/// Where one element of BER (X.690) stands in its buffer.
struct BERElement: Equatable, Sendable {
    /// The identifier octet: class, constructed bit and a tag number below 31.
    let tag: UInt8
    /// From the identifier octet to the last one, end-of-contents octets included.
    let range: Range<Int>
    /// What is inside, without end-of-contents octets.
    let content: Range<Int>

    var isConstructed: Bool { tag & 0x20 != 0 }
}

/// Reads the elements of one level of BER from first to last. Every access is checked; nesting and, with it, the work for
/// indefinite lengths are bounded by `depth`.
struct BERReader {
    /// Levels that a message may nest; RFC 5652 structures need 12 or so, long certificates a few more.
    static let maximumDepth = 32

    let bytes: [UInt8]
    private(set) var position: Int
    private let end: Int
    private let depth: Int

    init(_ bytes: [UInt8]) { self.init(bytes, 0..<bytes.count, depth: Self.maximumDepth) }

    init(_ bytes: [UInt8], _ range: Range<Int>, depth: Int) {
        self.bytes = bytes
        position = range.lowerBound
        end = min(range.upperBound, bytes.count)
        self.depth = depth
    }

    var isAtEnd: Bool { position >= end }

    /// The identifier octet of the next element.
    var nextTag: UInt8? { position < end ? bytes[position] : nil }

    mutating func next() throws -> BERElement {
        let element = try Self.element(bytes, at: position, end: end, depth: depth)
        position = element.range.upperBound
        return element
    }

    /// The next element, which must have this tag.
    mutating func next(_ tag: UInt8, _ name: String) throws -> BERElement {
        guard nextTag == tag else { throw CMSError(.malformed, "\(name) is missing at octet \(position)") }
        return try next()
    }

    /// The next element if it has this tag.
    mutating func optional(_ tag: UInt8) throws -> BERElement? { nextTag == tag ? try next() : nil }

    func inside(_ element: BERElement) throws -> BERReader {
        guard depth > 0 else { throw Self.tooDeep(element.range.lowerBound) }
        return BERReader(bytes, element.content, depth: depth - 1)
    }

    /// Throws unless everything was read.
    func expectEnd(_ name: String) throws {
        guard isAtEnd else { throw CMSError(.malformed, "\(name) goes on at octet \(position)") }
    }

    func octets(_ element: BERElement) -> [UInt8] { Array(bytes[element.content]) }
    func encoding(_ element: BERElement) -> [UInt8] { Array(bytes[element.range]) }

    /// A small non-negative INTEGER.
    mutating func smallInteger(_ name: String) throws -> Int {
        let content = try next(0x02, name).content
        guard content.count > 0, content.count <= 4, bytes[content.lowerBound] < 0x80 else {
            throw CMSError(.malformed, "\(name) is out of range at octet \(content.lowerBound)")
        }
        return bytes[content].reduce(0) { $0 << 8 | Int($1) }
    }

    mutating func objectID(_ name: String) throws -> ObjectID {
        let element = try next(0x06, name)
        guard !element.content.isEmpty else { throw CMSError(.malformed, "\(name) is empty") }
        return ObjectID(contents: octets(element))
    }

    private static func tooDeep(_ offset: Int) -> CMSError {
        CMSError(.limitExceeded, "more than \(maximumDepth) levels at octet \(offset)")
    }

    private static func element(_ bytes: [UInt8], at start: Int, end: Int, depth: Int) throws -> BERElement {
        func malformed(_ what: String) -> CMSError { CMSError(.malformed, "\(what) at octet \(start)") }
        guard start >= 0, end <= bytes.count, end - start >= 2 else { throw malformed("the data is cut off") }
        let tag = bytes[start]
        guard tag & 0x1f != 0x1f else { throw malformed("a tag number above 30") }
        var position = start + 2
        var length = Int(bytes[start + 1])
        if length == 0x80 {
            guard tag & 0x20 != 0 else { throw malformed("an indefinite length without structure") }
            guard depth > 0 else { throw tooDeep(start) }
            let first = position
            while true {
                guard end - position >= 2 else { throw malformed("an indefinite length without an end") }
                if bytes[position] == 0, bytes[position + 1] == 0 {
                    return BERElement(tag: tag, range: start..<position + 2, content: first..<position)
                }
                position = try element(bytes, at: position, end: end, depth: depth - 1).range.upperBound
            }
        }
        if length > 0x80 {
            let count = length - 0x80
            guard count <= 6, end - position >= count else { throw malformed("a length of \(count) octets") }
            length = bytes[position..<position + count].reduce(0) { $0 << 8 | Int($1) }
            position += count
        }
        guard length <= end - position else { throw malformed("a length beyond the end") }
        return BERElement(tag: tag, range: start..<position + length, content: position..<position + length)
    }
}

/// The octets of an OCTET STRING, which BER may cut into pieces, and these again. They stay where they are.
struct OctetPieces: Sendable {
    let bytes: [UInt8]
    private let element: BERElement
    /// Octets in all pieces together.
    let count: Int

    /// Checks the whole structure, so that `forEach` cannot fail later.
    init(_ bytes: [UInt8], _ element: BERElement) throws {
        self.bytes = bytes
        self.element = element
        var count = 0
        try Self.walk(bytes, element, depth: 8) { count += $0.count }
        self.count = count
    }

    private static func walk(
        _ bytes: [UInt8], _ element: BERElement, depth: Int, _ body: (Range<Int>) -> Void
    ) throws {
        guard element.isConstructed else { return body(element.content) }
        guard depth > 0 else { throw CMSError(.limitExceeded, "an OCTET STRING in too many levels of pieces") }
        var reader = BERReader(bytes, element.content, depth: depth)
        while !reader.isAtEnd {
            let piece = try reader.next()
            guard piece.tag & 0xdf == 0x04 else {
                throw CMSError(.malformed, "a piece is no OCTET STRING at octet \(piece.range.lowerBound)")
            }
            try walk(bytes, piece, depth: depth - 1, body)
        }
    }

    /// Lends all pieces in their order.
    func forEach(_ body: (Span<UInt8>) throws -> Void) throws {
        var failure: (any Error)?
        try Self.walk(bytes, element, depth: 8) { range in
            guard failure == nil, !range.isEmpty else { return }
            do { try body(bytes.span.extracting(range)) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// The octets in one array.
    func joined() throws -> [UInt8] {
        var all: [UInt8] = []
        all.reserveCapacity(count)
        try forEach { piece in piece.withUnsafeBufferPointer { all.append(contentsOf: $0) } }
        return all
    }
}
