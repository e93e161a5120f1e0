public import MailFlow

/// How a listener of the proxy treats its clients.
public struct ListenerOptions: Sendable {
    public enum TLSMode: String, Sendable, CaseIterable {
        /// STARTTLS is not offered.
        case none
        case may
        /// No mail without it.
        case required
    }

    /// The name of the listener, for the log.
    public var name: String
    public var endpoint: SMTPEndpoint
    public var flavour = ClientSettings.Flavour.smtp
    /// Our own name, for the greeting.
    public var hostname: String
    /// Who may connect over TCP; everybody who can open a unix socket may.
    public var peers: [Network]
    public var bareLineEnds = ContentReader.BareLineEnds.reject
    /// Octets of a message at most.
    public var maxSize = 100 << 20
    public var maxConnections = 400
    /// Recipients of a message at most.
    public var maxRecipients = 1000
    /// Seconds for a command to come.
    public var commandTimeout: Double = 300
    /// Seconds for a piece of the content to come.
    public var contentTimeout: Double = 180
    public var tls = TLSMode.none
    /// PEM files of the certificate chain and of its key, where TLS is offered.
    public var certificate: String?
    public var key: String?
    /// Permission bits, group and owner of a unix socket.
    public var socketMode: UInt32 = 0o660
    public var socketGroup: String?
    public var socketOwner: UInt32?

    public init(name: String, endpoint: SMTPEndpoint, hostname: String) {
        self.name = name
        self.endpoint = endpoint
        self.hostname = hostname
        peers = ["127.0.0.0/8", "::1"].compactMap { try? Network($0) }
    }
}
