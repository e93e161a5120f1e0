/// What an administrator decides about sessions and the tokens within them.
public struct SessionSettings: Sendable, Equatable {
    /// Seconds after the last use.
    public var idleSeconds = 3600
    /// Seconds after the opening, whatever the use.
    public var longestSeconds = 86_400
    /// Seconds that a token counts which its client did not attach; never longer than its session.
    public var tokenSeconds = 86_400
    /// Users of this machine who may open a session for any mailbox: the webmail's, the administrator's.
    public var trustedUsers: Set<UInt32> = [0]
    /// The domain in which login names of this machine are mailboxes; nil where they are none.
    public var loginDomain: String?
    /// Services that may open a session for any mailbox: name and SHA-256 of their secret.
    public var clients: [String: [UInt8]] = [:]
    /// Unknown session identifiers that one peer may name in a minute.
    public var guessesPerMinute = 60

    public init() {}
}
