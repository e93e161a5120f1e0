/// Where the copies of a message go whose recipients need different ones.
public struct SplitSettings: Sendable, Equatable {
    /// A listener of the mail server: `host:port` or `unix:/path`.
    public var nextHop: String
    /// Seconds that all copies of one message may take together; less than the mail server's `milter_content_timeout`.
    public var budget = 120
    /// Copies of one message at most.
    public var maxCopies = 100
    /// Seconds for which a connection waits for another message; 0 makes new ones for each. Less than the mail server waits for a
    /// command.
    public var keepConnections = 5

    public init(nextHop: String) { self.nextHop = nextHop }
}
