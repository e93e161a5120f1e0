/// What a cleartext signature covers of a text as it streams: all but blanks at the ends of lines and the last line end
/// (RFC 9580 sections 7.1 and 7.2). Holds back the latest run of blanks.
struct CoveredText {
    private static let lineEnd: [UInt8] = [10]
    private static let longLineEnd: [UInt8] = [13, 10]

    /// Blanks that are covered if more follows in the line.
    private var blanks: [UInt8] = []
    /// The last line end, which is covered if more follows.
    private var end: [UInt8] = []

    static func isBlank(_ octet: UInt8) -> Bool { octet == 32 || octet == 9 || octet == 13 }

    /// The line without blanks at its end.
    static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var end = line.endIndex
        while end > line.startIndex, isBlank(line[end - 1]) { end -= 1 }
        return line[line.startIndex..<end]
    }

    mutating func push(_ bytes: Span<UInt8>, _ sink: (Span<UInt8>) throws -> Void) rethrows {
        var start = 0
        while start < bytes.count {
            if !end.isEmpty { try sink(end.span) }
            end = []
            var stop = start
            while stop < bytes.count, bytes[stop] != 10 { stop += 1 }
            var last = stop
            while last > start, Self.isBlank(bytes[last - 1]) { last -= 1 }
            if last > start {
                if !blanks.isEmpty { try sink(blanks.span) }
                blanks.removeAll(keepingCapacity: true)
                try sink(bytes.extracting(start..<last))
            }
            for index in last..<stop { blanks.append(bytes[index]) }
            if stop < bytes.count {
                end = blanks.last == 13 ? Self.longLineEnd : Self.lineEnd
                blanks.removeAll(keepingCapacity: true)
            }
            start = stop + 1
        }
    }
}
