/// Turns every line end into CRLF, whatever pieces the text comes in: LF without CR gets one, CRLF stays, and a CR that
/// stands alone stays as it is, because it may be content.
struct LineEnds {
    private var lastWasCR = false

    /// Appends the canonical form of `bytes` to `output`.
    mutating func push(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
        output.reserveCapacity(output.count + bytes.count + bytes.count / 32)
        var start = 0
        while let hit = bytes.firstIndex(of: Octet.lf, from: start) {
            output.append(bytes.extracting(start..<hit))
            let hasCR = hit > 0 ? bytes[hit - 1] == Octet.cr : lastWasCR
            if !hasCR { output.append(Octet.cr) }
            output.append(Octet.lf)
            start = hit + 1
        }
        if start < bytes.count { output.append(bytes.extracting(start..<bytes.count)) }
        if bytes.count > 0 { lastWasCR = bytes[bytes.count - 1] == Octet.cr }
    }

    /// The canonical form of a whole text.
    static func canonical(_ bytes: [UInt8]) -> [UInt8] {
        var ends = LineEnds()
        var output: [UInt8] = []
        ends.push(bytes.span, into: &output)
        return output
    }
}
