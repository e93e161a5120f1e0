/// What a session answers to an event.
public enum Reply: Sendable, Equatable {
    /// Go on.
    case proceed
    /// Take the message as it is and ask no more. Only after the end of headers.
    case accept
    /// Go on, but do not send (more of) the body.
    case skipBody
    /// Everything that was asked for has been done; the mail server drops the original. Only at the end of a message.
    case discard
    /// Refuse for good.
    case reject(SMTPReply)
    /// Refuse for now.
    case tempfail(SMTPReply)

    /// The reply as its code says: 5xx rejects, everything else defers.
    static func refusing(_ reply: SMTPReply) -> Reply { reply.code >= 500 ? .reject(reply) : .tempfail(reply) }
}
