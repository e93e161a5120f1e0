public import MailFlow

/// A listener of the proxy, `[[proxy]]`.
public struct ProxySettings: Sendable, Equatable {
    /// Where mail stands when it comes by, which decides the protocol and whose answer is whose.
    public enum Role: String, Sendable, CaseIterable {
        /// Before an LMTP server: each recipient has an answer.
        case lmtp
        /// A content filter of mail that a mail server has queued.
        case afterQueue = "after-queue"
        /// Between a client and the mail server's queue.
        case beforeQueue = "before-queue"
        /// The last step of outgoing mail: nothing is changed, what is not protected is refused.
        case assert
    }

    public enum TLS: String, Sendable, CaseIterable { case none, may, required }

    /// For the log.
    public var name: String
    public var role: Role
    /// `host:port` or `unix:/path`.
    public var listen: String
    /// `host:port` or `unix:/path`.
    public var nextHop: String
    public var declaration: ProxyDeclaration
    /// Who may connect over TCP.
    public var peers: [Network]
    public var socketMode: UInt32 = 0o660
    /// The group of a unix socket; nil for guardd's own.
    public var socketGroup: String? = "postfix"
    public var tls = TLS.none
    public var certificate: String?
    public var key: String?
    /// TLS to the next hop.
    public var nextHopTLS = TLS.none
    public var nextHopTLSName: String?
    public var nextHopAuthorities: String?
    /// Octets of a message at most.
    public var maxSize = 100 << 20
    public var maxConnections = 400
    public var maxRecipients = 1000
    /// Seconds for a command, and for a piece of the content.
    public var commandTimeout = 300
    public var contentTimeout = 180
    /// Seconds for the next hop to answer a command, and for all copies of one message together.
    public var nextHopTimeout = 300
    public var budget = 120
    /// Seconds for which a connection for copies waits for another message; 0 makes new ones for each.
    public var keepConnections = 5

    public init(name: String, role: Role, listen: String, nextHop: String, direction: Direction) {
        self.name = name
        self.role = role
        self.listen = listen
        self.nextHop = nextHop
        declaration = ProxyDeclaration(direction: direction)
        peers = ["127.0.0.0/8", "::1"].compactMap { try? Network($0) }
    }

    /// Whether both listen at the same place in the same way: what only takes effect at a start.
    public func listensLike(_ other: ProxySettings) -> Bool {
        var mine = self
        var theirs = other
        // What each new connection or message asks for anew.
        for path in [\ProxySettings.nextHopTimeout, \.budget, \.keepConnections] {
            mine[keyPath: path] = 0
            theirs[keyPath: path] = 0
        }
        mine.nextHop = ""
        theirs.nextHop = ""
        mine.declaration = theirs.declaration
        mine.nextHopTLS = theirs.nextHopTLS
        mine.nextHopTLSName = theirs.nextHopTLSName
        mine.nextHopAuthorities = theirs.nextHopAuthorities
        return mine == theirs
    }
}
