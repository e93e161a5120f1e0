public import Guard

/// `[guard]` and the tables below it: what is decided about the use cases of the control API, and the services they need.
public struct GuardConfiguration: Sendable, Equatable {
    public var settings = GuardSettings()
    /// How mail of guardd's own leaves; nil sends none.
    public var hop: MailHop?
    /// Who issues S/MIME certificates to users.
    public var pki = PKISettings()
    /// The socket of a Dovecot authentication client, which knows the passwords of mailboxes; nil where nobody does.
    public var dovecot: String?
    /// The OpenPGP certificate that recovery material is encrypted to, a file; nil seals it under the master key.
    public var recoveryCertificate: String?

    public init() {}
}

/// The server that takes mail of guardd's own.
public struct MailHop: Sendable, Equatable {
    /// As STARTTLS goes: never, where it is offered, always and with a name that is checked.
    public enum TLS: String, Sendable, CaseIterable { case none, may, required }

    /// `host:port` or `unix:/path`.
    public var address: String
    public var tls = TLS.may
    /// The name that the certificate must have; nil for the host.
    public var tlsName: String?
    /// A PEM file of authorities; nil for those of the system.
    public var authorities: String?
    /// Seconds for a whole delivery.
    public var timeout = 30

    public init(address: String) { self.address = address }
}
