/// Reads what follows DATA (RFC 5321, section 4.5.2): takes the dots of the protocol away and finds the end, which is
/// CR LF "." CR LF and nothing else.
///
/// Servers that disagree about a CR or an LF that stands alone have been made to see a second message where there was
/// none. So either such an octet ends the conversation, or it becomes a line end before anybody looks at the message; a
/// dot behind it is never one of the protocol's.
public struct ContentReader: Sendable {
    /// What to do with a CR or LF that stands alone.
    public enum BareLineEnds: String, Sendable, CaseIterable {
        /// Refuse the message and close the connection: for listeners that clients speak to.
        case reject
        /// Make it a line end: for mail that a mail server has accepted already.
        case repair
    }

    public enum Progress: Sendable, Equatable {
        /// More is to come.
        case more
        /// The message ended; the octets from this index on are no part of it.
        case ended(at: Int)
        /// A CR or LF stands alone and is not taken. Nothing can be read after it.
        case bare(String)
    }

    private enum State {
        /// At the start of a line that follows CR LF, or of the message.
        case lineStart
        /// A line end was put in place of something else: what follows is a line, but no dot of the protocol.
        case repairedStart
        case text
        /// A CR in a line.
        case carriageReturn
        /// A dot at the start of a line.
        case dot
        /// A dot and a CR at the start of a line.
        case dotCarriageReturn
    }

    private let policy: BareLineEnds
    private var state = State.lineStart
    /// Whether the line has any octet so far.
    private var isLineEmpty = true
    private var isInHeader = true

    /// Whether line ends in the body came as something else than CR LF.
    public private(set) var isBodyRepaired = false
    /// Whether any did.
    public private(set) var isRepaired = false

    public init(_ policy: BareLineEnds) { self.policy = policy }

    /// Takes the next octets and appends the content in them, line ends CR LF.
    public mutating func push(_ bytes: [UInt8], into output: inout [UInt8]) -> Progress {
        output.reserveCapacity(output.count + bytes.count + 16)
        var index = 0
        while index < bytes.count {
            if state == .text {
                // Most octets are text: up to the next CR or LF there is nothing to think about.
                let start = index
                while index < bytes.count, bytes[index] != 0x0D, bytes[index] != 0x0A { index += 1 }
                output += bytes[start..<index]
                guard index < bytes.count else { break }
            }
            let byte = bytes[index]
            index += 1
            switch (state, byte) {
            case (.lineStart, 0x2E): state = .dot
            case (.dot, 0x0D): state = .dotCarriageReturn
            case (.dotCarriageReturn, 0x0A):
                state = .lineStart
                return .ended(at: index)
            case (.dotCarriageReturn, _):
                // Behind the dot, which goes, the CR stands alone.
                if let bare = endBareLine("CR", &output) { return bare }
                index -= 1
            case (.dot, 0x0A):
                if let bare = endBareLine("LF", &output) { return bare }
            case (.carriageReturn, 0x0A): endLine(&output, as: .lineStart)
            case (.carriageReturn, _):
                if let bare = endBareLine("CR", &output) { return bare }
                index -= 1
            case (_, 0x0D): state = .carriageReturn
            case (_, 0x0A):
                if let bare = endBareLine("LF", &output) { return bare }
            default:
                output.append(byte)
                isLineEmpty = false
                state = .text
            }
        }
        return .more
    }

    private mutating func endBareLine(_ name: String, _ output: inout [UInt8]) -> Progress? {
        guard policy == .repair else { return .bare(name) }
        isRepaired = true
        // The end of the header is not of the body, and what is signed there is not signed by its octets.
        if !isInHeader { isBodyRepaired = true }
        endLine(&output, as: .repairedStart)
        return nil
    }

    private mutating func endLine(_ output: inout [UInt8], as next: State) {
        output += [0x0D, 0x0A]
        if isLineEmpty { isInHeader = false }
        isLineEmpty = true
        state = next
    }
}
