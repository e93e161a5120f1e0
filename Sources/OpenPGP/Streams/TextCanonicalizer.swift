/// Turns every line end into CR LF as it streams, which is what a text signature covers (RFC 9580 section 5.2.1.2).
///
/// A line ends in LF. GnuPG and RNP drop any number of CRs before it, and at the end of the content, and keep a CR inside of
/// a line; signatures only verify where everybody agrees on that.
struct TextCanonicalizer {
    private static let cr = UInt8(ascii: "\r")
    private static let lf = UInt8(ascii: "\n")
    /// CRs at the end of what was given so far: dropped if a line end follows, given out if something else does.
    private var waiting = 0

    /// Hands over `bytes` in canonical form, in pieces as large as the line ends allow.
    mutating func push(_ bytes: Span<UInt8>, _ sink: (Span<UInt8>) -> Void) {
        let lineEnd: [UInt8] = [Self.cr, Self.lf]
        var start = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == Self.lf {
                let end = index
                if waiting == 1, end > start, bytes[end - 1] == Self.cr {
                    // The common case: the line and its end stand in canonical form already.
                    sink(bytes.extracting(start..<end + 1))
                } else {
                    let text = max(start, end - waiting)
                    if text > start { sink(bytes.extracting(start..<text)) }
                    sink(lineEnd.span)
                }
                waiting = 0
                start = end + 1
            } else if byte == Self.cr {
                waiting += 1
            } else if waiting > 0 {
                // CRs of this piece are part of the run from `start`; those of earlier pieces were held back.
                let held = waiting - min(waiting, index - start)
                if held > 0 { sink([UInt8](repeating: Self.cr, count: held).span) }
                waiting = 0
            }
            index += 1
        }
        let end = max(start, bytes.count - waiting)
        if start < end { sink(bytes.extracting(start..<end)) }
    }
}
