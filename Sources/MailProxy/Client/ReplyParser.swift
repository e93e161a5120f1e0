/// Reads the replies of a server as their octets arrive (RFC 5321, sections 4.2 and 4.5.3.1.5).
///
/// Strict, because what follows a reply that was misread is misread too: lines end in CR LF and in nothing else, hold no
/// control characters but tabs, all lines of a reply carry one code, and lines and replies are bounded.
public struct ReplyParser: Sendable {
    /// Octets of one line, its end not counted: twice what the standard allows.
    public static let maxLineLength = 1024
    /// Lines of one reply.
    public static let maxLines = 128

    private var line: [UInt8] = []
    private var endsInCR = false
    private var code: Int?
    private var lines: [String] = []

    public init() {}

    /// Whether no reply has begun.
    public var isIdle: Bool { line.isEmpty && !endsInCR && lines.isEmpty }

    /// Takes the next octets and appends the replies that they complete.
    ///
    /// - Throws: a sentence that says what the server did wrong. Nothing can be read after it; what came before was appended.
    public mutating func push(
        _ bytes: some Sequence<UInt8>, into replies: inout [ServerReply]
    ) throws(ReplyDefect) {
        for byte in bytes {
            if endsInCR {
                guard byte == 0x0A else { throw ReplyDefect("a reply has a bare CR") }
                endsInCR = false
                if let reply = try endLine() { replies.append(reply) }
                continue
            }
            switch byte {
            case 0x0D: endsInCR = true
            case 0x0A: throw ReplyDefect("a reply has a bare LF")
            case 0..<0x09, 0x0B..<0x20, 0x7F: throw ReplyDefect("a reply has a control character")
            default:
                guard line.count < Self.maxLineLength else {
                    throw ReplyDefect("a line of a reply has more than \(Self.maxLineLength) octets")
                }
                line.append(byte)
            }
        }
    }

    private mutating func endLine() throws(ReplyDefect) -> ServerReply? {
        var rest = line[...]
        line = []
        var number = 0
        for allowed in [0x32...0x35, 0x30...0x35, 0x30...0x39] as [ClosedRange<UInt8>] {
            guard let digit = rest.popFirst(), allowed.contains(digit) else {
                throw ReplyDefect("a line of a reply does not begin with a reply code")
            }
            number = number * 10 + Int(digit - 0x30)
        }
        let separator = rest.popFirst()
        guard separator == nil || separator == 0x20 || separator == 0x2D else {
            throw ReplyDefect("neither a space nor a hyphen follows a reply code")
        }
        if let code, code != number {
            throw ReplyDefect("the lines of one reply have the codes \(code) and \(number)")
        }
        lines.append(String(decoding: rest, as: UTF8.self))
        guard separator == 0x2D else {
            defer {
                code = nil
                lines = []
            }
            return ServerReply(code: number, lines: lines)
        }
        code = number
        guard lines.count < Self.maxLines else {
            throw ReplyDefect("a reply has more than \(Self.maxLines) lines")
        }
        return nil
    }
}

/// What is wrong with a reply.
public struct ReplyDefect: Error, Equatable, Sendable {
    public let message: String
    init(_ message: String) { self.message = message }
}
