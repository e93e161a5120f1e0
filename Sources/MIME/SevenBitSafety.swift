/// Facts about lines that decide whether octets survive transport unchanged (RFC 5321 section 4.5.3.1, RFC 3156
/// section 3), found as the octets stream by.
public struct SevenBitSafety: Sendable {
    /// An octet above 127.
    public private(set) var hasEightBit = false
    /// Where the first NUL is.
    public private(set) var firstNUL: Int?
    /// Where the first CR is that no LF follows.
    public private(set) var firstBareCR: Int?
    /// Where the first LF is that follows no CR.
    public private(set) var firstBareLF: Int?
    /// The longest line in octets, without its line end.
    public private(set) var longestLine = 0
    /// A line ends with a space or tab.
    public private(set) var hasTrailingWhitespace = false
    /// A line starts with "From ", which mbox writers change.
    public private(set) var hasFromLine = false
    /// Octets so far.
    public private(set) var count = 0

    /// Octets of the line under way, and the last one of them that is known.
    private var column = 0
    private var last: UInt8 = ASCII.lf
    private var beforeLast: UInt8 = ASCII.lf
    private var isFrom = true

    public init() {}

    /// Whether the octets may go as 7bit just as they are and be signed: nothing above 127, no NUL, no bare CR or
    /// LF, no line over 998 octets, no white space at line ends, no line starting with "From ".
    public var isSafe: Bool {
        !hasEightBit && firstNUL == nil && firstBareCR == nil && firstBareLF == nil && !hasLongLine
            && !hasTrailingWhitespace && !hasFromLine
    }

    /// A line has more than 998 octets.
    public var hasLongLine: Bool { longestLine > 998 }

    private static let from: [UInt8] = Array("From ".utf8)

    /// Looks at a piece of any size.
    public mutating func push(_ input: Span<UInt8>) {
        var start = 0
        let total = input.count
        while start < total {
            let lf = input.firstIndex(of: ASCII.lf, in: start..<total)
            let end = lf ?? total
            piece(input, start..<end)
            guard let lf else { break }
            endLine(at: count + lf)
            start = lf + 1
        }
        count += total
    }

    /// Ends the input: a last line without a line end counts too.
    public mutating func finish() {
        if column > 0 {
            if last == ASCII.cr {
                noteBareCR(count - 1)
                longestLine = max(longestLine, column)
            } else {
                longestLine = max(longestLine, column)
                if ASCII.isWSP(last) { hasTrailingWhitespace = true }
            }
        }
        column = 0
    }

    /// A stretch without LF, all on one line.
    private mutating func piece(_ input: Span<UInt8>, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        // A CR at the end of an earlier piece, and no LF came.
        if column > 0, last == ASCII.cr { noteBareCR(count + range.lowerBound - 1) }
        if isFrom, column < 5 {
            var index = range.lowerBound
            while index < range.upperBound, column + index - range.lowerBound < 5, isFrom {
                isFrom = input[index] == SevenBitSafety.from[column + index - range.lowerBound]
                index += 1
            }
            if isFrom, column + index - range.lowerBound == 5 { hasFromLine = true }
        }
        scan(input, range)
        beforeLast = range.count > 1 ? input[range.upperBound - 2] : column > 0 ? last : ASCII.lf
        column += range.count
        last = input[range.upperBound - 1]
    }

    private mutating func scan(_ input: Span<UInt8>, _ range: Range<Int>) {
        if !hasEightBit {
            var gathered: UInt8 = 0
            for index in range { gathered |= input[index] }
            hasEightBit = gathered >= 0x80
        }
        if firstNUL == nil, let place = input.firstIndex(of: 0, in: range) { firstNUL = count + place }
        // The CR of the line end is the last octet of the stretch: whether it is bare is known only later.
        if firstBareCR == nil, let place = input.firstIndex(of: ASCII.cr, in: range.lowerBound..<(range.upperBound - 1))
        {
            noteBareCR(count + place)
        }
    }

    private mutating func endLine(at offset: Int) {
        let hasCR = column > 0 && last == ASCII.cr
        if !hasCR, firstBareLF == nil { firstBareLF = offset }
        longestLine = max(longestLine, hasCR ? column - 1 : column)
        if column > 0, ASCII.isWSP(hasCR ? beforeLast : last) { hasTrailingWhitespace = true }
        column = 0
        isFrom = true
    }

    private mutating func noteBareCR(_ offset: Int) {
        if firstBareCR == nil { firstBareCR = offset }
    }
}
