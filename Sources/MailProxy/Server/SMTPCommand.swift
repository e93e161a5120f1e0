/// A command of a client (RFC 5321, RFC 2033, RFC 3207; XFORWARD and XCLIENT are Postfix's).
public enum SMTPCommand: Sendable, Equatable {
    public enum Greeting: String, Sendable {
        case ehlo = "EHLO"
        case helo = "HELO"
        case lhlo = "LHLO"
    }

    /// An attribute of XFORWARD or XCLIENT: the name in upper case, the value decoded.
    public struct Attribute: Sendable, Equatable {
        public let name: String
        public let value: String
    }

    case hello(Greeting, name: String)
    /// The parameters as they came, each with its value.
    case mail(SMTPPath, [[UInt8]])
    case recipient(SMTPPath, [[UInt8]])
    case data, reset, noop, quit, startTLS, help
    /// VRFY and EXPN.
    case verify
    case xforward([Attribute])
    case xclient([Attribute])
    case unknown(String)
    /// A line of some other protocol: whoever sends it means somebody else.
    case foreign
}

/// What is wrong with a command: the reply to it.
public struct CommandDefect: Error, Sendable, Equatable {
    public let reply: ServerReply

    init(_ code: Int, _ text: String) { reply = ServerReply(code: code, lines: [text]) }
}
