/// What an administrator decides about sessions and the tokens within them.
public struct SessionSettings: Sendable, Equatable {
    /// Seconds after the last use.
    public var idleSeconds = 3600
    /// Seconds after the opening, whatever the use.
    public var longestSeconds = 86_400
    /// Seconds that a token counts which its client did not attach; never longer than its session.
    public var tokenSeconds = 86_400
    /// The domain in which login names of this machine are mailboxes; nil where they are none.
    public var loginDomain: String?
    /// Session identifiers that nobody knows, of one peer in a minute; further ones are not even looked for.
    public var guessesPerMinute = 60

    public init() {}
}
