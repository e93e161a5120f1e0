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

/// Recipients of one message with the same outcome.
public struct ProxyGroup: Sendable {
    public enum Outcome: Sendable {
        /// To be handed to the next hop, whose answer is the answer.
        case released(Released)
        /// Kept until they have keys: the answer is a 250.
        case held
        case refused(SMTPReply)
    }

    /// Positions in the envelope, from 0. Empty for a copy that a rule adds; then ``Released/recipients`` says for whom.
    public let positions: [Int]
    public let outcome: Outcome
}
