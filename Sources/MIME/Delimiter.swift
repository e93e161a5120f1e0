/// What a line means to a multipart, by the one rule of both the tree parser and ``MultipartScanner``:
/// a delimiter is "--", the boundary, "--" if it closes, then white space only (RFC 2046 section 5.1.1).
///
/// RFC 2046 lets readers compare only the beginning of the line; most do not, because boundaries that continue one
/// another occur. Lines where the two differ are reported, not split at.
enum Delimiter {
    case open
    case close
    /// Begins like a delimiter and goes on with something else.
    case prefix

    /// White space after a delimiter beyond this is no padding any more; bounds what a stream must hold back.
    static let maxPadding = 998

    /// Judges the line at `range` (without its line end), which begins with "--".
    static func match(_ bytes: Span<UInt8>, _ range: Range<Int>, _ boundary: [UInt8]) -> Delimiter? {
        var position = range.lowerBound + 2
        guard range.upperBound - position >= boundary.count else { return nil }
        for byte in boundary {
            guard bytes[position] == byte else { return nil }
            position += 1
        }
        var isClose = false
        if range.upperBound - position >= 2, bytes[position] == ASCII.hyphen, bytes[position + 1] == ASCII.hyphen {
            isClose = true
            position += 2
        }
        guard range.upperBound - position <= maxPadding else { return .prefix }
        while position < range.upperBound {
            guard ASCII.isWSP(bytes[position]) else { return .prefix }
            position += 1
        }
        return isClose ? .close : .open
    }
}
