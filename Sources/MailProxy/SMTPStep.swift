/// The steps of a conversation, as errors name them.
public enum SMTPStep: String, Sendable, CaseIterable {
    case connect
    case greeting
    /// EHLO, HELO or LHLO.
    case hello = "EHLO"
    case startTLS = "STARTTLS"
    case xforward = "XFORWARD"
    case mail = "MAIL FROM"
    case recipient = "RCPT TO"
    case data = "DATA"
    /// The message on its way, before the final dot.
    case content
    /// The answer to the final dot.
    case end = "end of data"
    case reset = "RSET"
    case quit = "QUIT"

    /// Whether no message has begun: what a server refuses here is the connection, and another may be served.
    var isBeforeMail: Bool {
        switch self {
        case .connect, .greeting, .hello, .startTLS: true
        case .xforward, .mail, .recipient, .data, .content, .end, .reset, .quit: false
        }
    }
}
