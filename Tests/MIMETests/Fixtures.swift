import MIME

/// Bytes of a text, LF as written.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Bytes of a text with every LF made CRLF.
func crlf(_ text: String) -> [UInt8] { text.utf8.flatMap { $0 == 10 ? [13, 10] : [$0] } }

func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

/// Small, repeatable pseudo-random numbers: a failure comes back with the same seed.
struct Chance: RandomNumberGenerator {
    var state: UInt64
    init(_ seed: UInt64) { state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493 }
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// Cuts bytes into pieces of the sizes given, the sizes repeating.
func pieces(_ bytes: [UInt8], _ sizes: [Int]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var start = 0
    var index = 0
    while start < bytes.count {
        let end = min(bytes.count, start + sizes[index % sizes.count])
        result.append(Array(bytes[start..<end]))
        start = end
        index += 1
    }
    return result
}

/// Checks that no range of the tree reaches outside of its parent and that siblings are in order.
func isWellNested(_ entity: Entity) -> Bool {
    var position = entity.bodyRange.lowerBound
    for child in entity.children {
        guard child.range.lowerBound >= position, child.range.upperBound <= entity.range.upperBound,
            isWellNested(child)
        else { return false }
        position = child.range.upperBound
    }
    return entity.header.range.lowerBound == entity.range.lowerBound
        && entity.header.range.upperBound == entity.header.separator.lowerBound
        && entity.header.separator.upperBound == entity.bodyRange.lowerBound
        && entity.bodyRange.upperBound == entity.range.upperBound
}

/// What a scanner makes of the pieces: runs of one region joined.
func scan(_ boundary: [UInt8], _ pieces: [[UInt8]]) throws -> [(region: MultipartScanner.Region, bytes: [UInt8])] {
    var scanner = try MultipartScanner(boundary: boundary)
    var runs: [(region: MultipartScanner.Region, bytes: [UInt8])] = []
    func take(_ region: MultipartScanner.Region, _ span: Span<UInt8>) {
        if runs.last?.region != region { runs.append((region, [])) }
        for index in 0..<span.count { runs[runs.count - 1].bytes.append(span[index]) }
    }
    for piece in pieces { scanner.push(piece.span, take) }
    scanner.finish(take)
    return runs
}
