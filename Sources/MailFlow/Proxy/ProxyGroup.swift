/// What a proxy listener says of the mail that comes in by it. Nothing that a client says changes it.
public struct ProxyDeclaration: Sendable, Equatable {
    public var direction: Direction
    /// Whether mail may be signed that comes by here, where a rule also says `sign_without_login`.
    public var maySign = false
    /// Whether a `Guardd-Verdict` that inbound mail brings along is ours, and is kept in place of another look.
    public var trustsVerdicts = false

    public init(direction: Direction, maySign: Bool = false, trustsVerdicts: Bool = false) {
        self.direction = direction
        self.maySign = maySign
        self.trustsVerdicts = trustsVerdicts
    }
}

/// One message on its way through a proxy. For one thread; the order is ``sender(_:_:)``, ``recipient(_:_:)`` for each,
/// ``push(_:)`` and ``finish(isBodyRepaired:)``. Memory stays reserved until the object goes: keep it for as long as what
/// it released is being sent.
public protocol ProxiedMessage: AnyObject {
    /// Attributes of XFORWARD for the next hop; they decide nothing.
    var trace: [(name: String, value: String)] { get set }

    /// MAIL, with its ESMTP parameters. Returns why no message can be taken now; nil where one can.
    func sender(_ path: [UInt8], _ parameters: [[UInt8]]) -> SMTPReply?
    /// RCPT of a recipient whom the next hop accepts; they are counted from 0.
    func recipient(_ path: [UInt8], _ parameters: [[UInt8]])
    /// A piece of the message, line ends CRLF.
    func push(_ bytes: Span<UInt8>)
    /// The client broke off: nothing leaves.
    func abort()
    /// The groups; every recipient is in exactly one.
    ///
    /// - Parameter isBodyRepaired: whether line ends in the body came as something else than CRLF. What was signed there is
    ///   then not what came, and verifies as `fail`.
    func finish(isBodyRepaired: Bool) -> [ProxyGroup]
}

/// Recipients of one message with the same outcome.
public struct ProxyGroup: Sendable {
    public enum Outcome: Sendable {
        /// To be handed to the next hop, whose answer is the answer.
        case released(Released)
        /// Nothing is left to send: kept until they have keys, or delivered in several copies. The answer is a 250.
        case done
        case refused(SMTPReply)
    }

    /// Positions in the envelope, from 0. Empty for a copy that a rule adds; then ``Released/recipients`` says for whom.
    public let positions: [Int]
    public let outcome: Outcome
}
