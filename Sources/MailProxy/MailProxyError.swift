/// Why a message could not be handed to the next hop: what went wrong, at which step of the protocol, and what the server
/// said if it said anything. Two errors are equal if code and step are.
public struct MailProxyError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What went wrong, stable and for programs.
    public enum Code: String, Sendable, CaseIterable {
        /// The server answered 4xx or 5xx; ``MailProxyError/reply`` has the words.
        case refused
        /// No connection could be made.
        case unreachable
        /// The connection ended before the answer came.
        case closed
        /// The answer did not come in the time of the step, or the time for everything was over.
        case timedOut = "timed-out"
        /// The server broke the protocol: a malformed reply, one nobody asked for, or one of the wrong class.
        case nonsense
        /// TLS is required and the server does not offer it.
        case tlsMissing = "tls-missing"
        /// The TLS handshake failed, or the certificate is not the server's.
        case tlsFailed = "tls-failed"
        /// The message needs what the server does not offer: 8-bit content, UTF-8 addresses, its size.
        case unsupported
        /// The message or the envelope cannot be written in SMTP.
        case unwritable
        /// A call at the wrong time, or after the connection was given up.
        case misuse
    }

    public let code: Code
    public let step: SMTPStep
    /// The reply that ended it.
    public let reply: ServerReply?
    /// One sentence: what was wrong, and where.
    public let message: String

    init(_ code: Code, at step: SMTPStep, _ message: String, reply: ServerReply? = nil) {
        self.code = code
        self.step = step
        self.reply = reply
        self.message = message
    }

    /// A reply of class 4 or 5.
    static func refused(_ reply: ServerReply, at step: SMTPStep) -> MailProxyError {
        MailProxyError(.refused, at: step, "answered \(reply)", reply: reply)
    }

    /// Whether trying again later is of no use. A server that refuses the connection has said nothing about the message.
    public var isPermanent: Bool {
        switch code {
        case .refused: !step.isBeforeMail && reply.map { $0.code >= 500 } ?? false
        case .unsupported, .unwritable: true
        case .unreachable, .closed, .timedOut, .nonsense, .tlsMissing, .tlsFailed, .misuse: false
        }
    }

    /// Whether the server may have taken the message although no acceptance was read: the window that SMTP leaves open.
    public var mayHaveBeenAccepted: Bool {
        step == .end && (code == .closed || code == .timedOut || code == .nonsense)
    }

    public var description: String { "\(step.rawValue): \(message)" }

    public static func == (a: MailProxyError, b: MailProxyError) -> Bool { a.code == b.code && a.step == b.step }
}
