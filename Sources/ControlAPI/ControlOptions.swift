/// What an administrator decides about the control API.
public struct ControlOptions: Sendable {
    /// User IDs of local processes that may open a session for any mailbox: the backend of a webmail.
    public var trustedUsers: Set<UInt32> = []
    /// User IDs of local processes that may do what the support desk does.
    public var supportUsers: Set<UInt32> = []
    /// User IDs of local processes that may hand mail in for verification and encryption.
    public var mailUsers: Set<UInt32> = []
    /// Who may open a session for any mailbox from elsewhere: a webmail's backend.
    public var clientCredentials = BasicCredentials()
    public var supportCredentials = BasicCredentials()
    public var mailCredentials = BasicCredentials()
    /// The longest body that holds a message, in octets.
    public var maximumMail = 64 << 20
    /// The longest body of everything else, in octets.
    public var maximumBody = 1 << 20
    /// Octets of all bodies together that are in work.
    public var bodyBudget = 256 << 20
    /// Connections at once; more wait in the system's queue.
    public var maximumConnections = 2000
    /// Seconds in which the head of a request must have come, counted from the connection or the last answer.
    public var headTimeout = 15
    /// Seconds in which the body must have come, and seconds in which the answer must have been taken.
    public var bodyTimeout = 60

    public init() {}
}
