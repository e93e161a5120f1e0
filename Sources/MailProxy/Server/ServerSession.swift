/// What a client's conversation is about: each call is a command of the client that was well formed and in order, and what
/// it returns is the answer. Called on the connection's thread, which may block.
public protocol ServerSession: AnyObject {
    /// EHLO or LHLO: what the next hop can do, which decides what the client is offered; or why there is no service now.
    func hello() -> Result<Capabilities, ServiceRefusal>

    /// MAIL, with the parameters that are not the server's own affair.
    ///
    /// - Parameter trace: attributes of XFORWARD or XCLIENT that the client sent.
    func sender(_ path: SMTPPath, _ parameters: [[UInt8]], trace: [(name: String, value: String)]) -> ServerReply
    /// RCPT. A reply of class 2 means that the recipient has a part in the answers to the content.
    func recipient(_ path: SMTPPath, _ parameters: [[UInt8]]) -> ServerReply
    /// DATA: 354, or why not.
    func data() -> ServerReply
    /// A piece of the content, line ends CR LF, without the dots of the protocol.
    func content(_ bytes: Span<UInt8>)
    /// The answers to the content: one in SMTP, in LMTP one for each accepted recipient, in their order.
    ///
    /// - Parameter isBodyRepaired: whether line ends in the body came as something else than CR LF.
    func endOfData(isBodyRepaired: Bool) -> [ServerReply]
    /// RSET, a new greeting, or content that was refused on the way: nothing is delivered.
    func reset()
    /// The client is gone.
    func closed()
}

/// Why a client is not served: the reply after which the connection closes.
public struct ServiceRefusal: Error, Sendable, Equatable {
    public let reply: ServerReply
    public init(_ reply: ServerReply) { self.reply = reply }
}
