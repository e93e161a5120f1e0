/// Brings content into the form that follows DATA (RFC 5321, section 4.5.2): every line ends in CR LF, a dot at the start of
/// a line is doubled, and the last line is a single dot.
///
/// Whatever the content holds, no CR and no LF is ever written alone: servers that disagree about such octets have been
/// made to see a second message where there was none.
public struct ContentWriter: Sendable {
    /// What to do with a CR or LF that stands alone.
    public enum BareLineEnds: Sendable {
        /// Make it a line end.
        case normalise
        /// Throw: the content is signed, or should never have had one.
        case refuse
    }

    private enum State { case lineStart, text, afterCR }

    private let bare: BareLineEnds
    private var state = State.lineStart

    public init(_ bare: BareLineEnds) { self.bare = bare }

    /// Appends the next octets to `output`.
    public mutating func push(_ bytes: [UInt8], into output: inout [UInt8]) throws(MailProxyError) {
        output.reserveCapacity(output.count + bytes.count + 64)
        var index = 0
        // What begins here is text that has not been written.
        var pending = 0
        while index < bytes.count {
            let byte = bytes[index]
            if state == .afterCR {
                if byte != 0x0A { try refuse("CR") }
                output += [0x0D, 0x0A]
                state = .lineStart
                pending = index
                if byte == 0x0A {
                    index += 1
                    pending = index
                    continue
                }
            }
            switch byte {
            case 0x0D, 0x0A:
                output += bytes[pending..<index]
                pending = index + 1
                if byte == 0x0D {
                    state = .afterCR
                } else {
                    try refuse("LF")
                    output += [0x0D, 0x0A]
                    state = .lineStart
                }
            default:
                if state == .lineStart {
                    if byte == 0x2E { output.append(byte) }
                    state = .text
                }
            }
            index += 1
        }
        output += bytes[pending...]
    }

    /// Ends the last line and appends the dot.
    public mutating func finish(into output: inout [UInt8]) throws(MailProxyError) {
        if state == .afterCR { try refuse("CR") }
        if state != .lineStart { output += [0x0D, 0x0A] }
        state = .lineStart
        output += [0x2E, 0x0D, 0x0A]
    }

    private func refuse(_ name: String) throws(MailProxyError) {
        if bare == .refuse { throw MailProxyError(.unwritable, at: .content, "the message has a bare \(name)") }
    }
}
