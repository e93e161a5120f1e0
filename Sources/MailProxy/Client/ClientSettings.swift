/// How to speak to a next hop.
public struct ClientSettings: Sendable, Equatable {
    /// Whether the connection is encrypted by STARTTLS (RFC 3207).
    public enum TLSMode: String, Sendable, CaseIterable {
        /// Never.
        case none
        /// Where the server offers it. The certificate is not looked at: who can change the traffic could as well take the
        /// offer away.
        case may
        /// Always, with a certificate for the name of the server from an authority that is trusted.
        case required
    }

    public enum Flavour: Sendable { case smtp, lmtp }

    public var endpoint: SMTPEndpoint
    public var flavour = Flavour.smtp
    public var tls = TLSMode.may
    /// The name that the certificate has to have; nil for the host of the endpoint.
    public var tlsName: String?
    /// A PEM file of authorities; nil for those of the system.
    public var tlsAuthorities: String?
    /// Our own name, for EHLO.
    public var helloName: String
    public var bareLineEnds = ContentWriter.BareLineEnds.normalise
    public var timeouts = StepTimeouts()

    public init(endpoint: SMTPEndpoint, helloName: String) {
        self.endpoint = endpoint
        self.helloName = helloName
    }
}

/// How long each step may take, in seconds (RFC 5321, section 4.5.3.2).
public struct StepTimeouts: Sendable, Equatable {
    public var connect: Double = 30
    public var greeting: Double = 300
    /// EHLO, STARTTLS, XFORWARD, MAIL, RCPT, RSET.
    public var command: Double = 300
    /// XFORWARD and MAIL on a connection that waited for another message: it may have died without a sign, and a new one is made
    /// in its place.
    public var kept: Double = 10
    /// From DATA to its 354.
    public var data: Double = 120
    /// For each piece of the content to leave.
    public var content: Double = 180
    /// From the final dot to its answer.
    public var end: Double = 600
    /// QUIT is a courtesy.
    public var quit: Double = 5

    public init() {}

    /// The same time for every step.
    public init(all seconds: Double) {
        connect = seconds
        greeting = seconds
        command = seconds
        kept = seconds
        data = seconds
        content = seconds
        end = seconds
        quit = min(seconds, 5)
    }
}
