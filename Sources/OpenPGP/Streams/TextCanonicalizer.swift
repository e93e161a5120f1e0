/// Turns every line end (LF, CR LF, lone CR) into CR LF as it streams, which is what a text signature covers
/// (RFC 9580 section 5.2.1.2).
struct TextCanonicalizer {
    private static let cr = UInt8(ascii: "\r")
    private static let lf = UInt8(ascii: "\n")
    private var endsInCR = false

    /// Hands over `bytes` in canonical form, in pieces as large as the line ends allow.
    mutating func push(_ bytes: Span<UInt8>, _ sink: (Span<UInt8>) -> Void) {
        let lineEnd: [UInt8] = [Self.cr, Self.lf]
        var start = 0
        var index = 0
        // A CR at the end of the last piece was already written as CR LF.
        if endsInCR, bytes.count > 0, bytes[0] == Self.lf {
            start = 1
            index = 1
        }
        if bytes.count > 0 { endsInCR = false }
        while index < bytes.count {
            let byte = bytes[index]
            if byte == Self.lf {
                sink(bytes.extracting(start..<index))
                sink(lineEnd.span)
                index += 1
                start = index
            } else if byte == Self.cr {
                if index + 1 < bytes.count, bytes[index + 1] == Self.lf {
                    index += 2
                    continue
                }
                sink(bytes.extracting(start..<index))
                sink(lineEnd.span)
                index += 1
                start = index
                endsInCR = index == bytes.count
            } else {
                index += 1
            }
        }
        if start < bytes.count { sink(bytes.extracting(start..<bytes.count)) }
    }
}
