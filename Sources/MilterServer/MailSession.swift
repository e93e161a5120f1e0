import MailFlow

/// What the server asks of the flow of one SMTP connection: `MailFlow.Session`, or a stand-in in tests.
/// The calls of one connection never overlap but arrive on different threads.
public protocol MailSession: AnyObject {
    func connected(host: String, address: ClientAddress?, macros: Macros) -> Reply
    func sender(_ path: [UInt8], arguments: [[UInt8]], macros: Macros) -> Reply
    func recipient(_ path: [UInt8], arguments: [[UInt8]], macros: Macros) -> Reply
    func header(name: [UInt8], value: [UInt8]) -> Reply
    func endOfHeaders(macros: Macros) -> Reply
    func body(_ bytes: Span<UInt8>) -> Reply
    func endOfMessage(macros: Macros) -> Outcome
    func aborted()
    func closed()
}

extension Session: MailSession {}

/// Makes sessions from the snapshot of the configuration that holds at that moment.
public protocol SessionSource: Sendable {
    /// Changes whenever sessions made from now on would behave differently. A message keeps the session it began with;
    /// the next message on the same connection gets a new one.
    var generation: Int { get }
    func makeSession() -> any MailSession
}
