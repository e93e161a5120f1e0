/// Where a message is going.
public enum Direction: String, Sendable, CaseIterable {
    case inbound
    case outbound
}

/// The rung of the ladder that decided the direction.
public enum Rung: String, Sendable, CaseIterable {
    /// `{daemon_name}` is one of the outbound daemons.
    case daemonName = "daemon-name"
    /// `{auth_authen}`: the client logged in.
    case login
    /// `{cert_subject}`: the client showed a certificate that the mail server trusts.
    case certificate
    /// The mail did not come by SMTP.
    case local
    /// The client is in a trusted network.
    case trustedNetwork = "trusted-network"
    /// None of these: inbound.
    case otherwise
}

/// How the direction of a message is decided: the first rung that holds says "outbound".
public struct Ladder: Sendable, Equatable {
    /// Values of `{daemon_name}` that mean outbound. Empty switches the rung off.
    public var outboundDaemons: [String] = ["ORIGINATING"]
    /// Whether a SASL login means outbound.
    public var login = true
    /// Whether a trusted client certificate means outbound.
    public var clientCertificate = false
    /// Whether mail that did not come by SMTP (`sendmail`, cron) means outbound.
    public var local = true
    /// Clients whose mail is outbound.
    public var trustedNetworks: [Network] = []

    public init() {}

    /// The facts the ladder looks at.
    struct Facts {
        var daemonName: String?
        var login: String?
        var certificateSubject: String?
        /// Whether any recipient came with `{rcpt_mailer}`. Postfix's smtpd gives it for every recipient, its cleanup
        /// server, which speaks for mail that came by other ways, knows no such macro.
        var cameBySMTP = true
        var client: ClientAddress?
    }

    func rung(_ facts: Facts) -> Rung {
        if let name = facts.daemonName, outboundDaemons.contains(name) { return .daemonName }
        if login, let login = facts.login, !login.isEmpty { return .login }
        if clientCertificate, let subject = facts.certificateSubject, !subject.isEmpty { return .certificate }
        if local, !facts.cameBySMTP { return .local }
        if let client = facts.client, trustedNetworks.contains(where: { $0.contains(client) }) {
            return .trustedNetwork
        }
        return .otherwise
    }
}
