/// How a message is split into copies. Without it every message stays one, and what one message cannot do is refused.
public struct Splitting: Sendable, Equatable {
    /// Copies of one message at most. 1 or more.
    public var maxCopies = 100

    public init() {}
}
