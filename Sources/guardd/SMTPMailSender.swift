import Guard
import Libcrypto
import MIME
import MailFlow
import MailProxy
import Settings

/// Sends mail of guardd's own to the configured server, marked so that the mail flow knows it.
struct SMTPMailSender: MailSender {
    private let client: SMTPClient
    private let from: SMTPPath
    private let markerKey: SecretBytes
    private let log: @Sendable (String) -> Void

    /// - Throws: `StartupError` for an address that cannot be read.
    init(
        _ hop: MailHop, from: EmailAddress, hostname: String, markerKey: SecretBytes,
        log: @escaping @Sendable (String) -> Void
    ) throws {
        guard let endpoint = SMTPEndpoint(hop.address) else {
            throw StartupError(
                .configuration, "[guard.mail] smtp = \"\(hop.address)\" is no address; write \"127.0.0.1:25\"")
        }
        var settings = ClientSettings(endpoint: endpoint, helloName: hostname)
        settings.tls =
            switch hop.tls {
            case .none: .none
            case .may: .may
            case .required: .required
            }
        settings.tlsName = hop.tlsName
        settings.tlsAuthorities = hop.authorities
        client = SMTPClient(settings, budget: Double(hop.timeout))
        self.from = SMTPPath(from)
        self.markerKey = markerKey
        self.log = log
    }

    func send(to recipients: [EmailAddress], message: [UInt8]) throws {
        do {
            let marked = try OwnMail.marked(message, for: recipients, key: markerKey, at: Clock.now())
            try client.deliver(
                marked, SMTPEnvelope(sender: from, recipients: recipients.map { .init(SMTPPath($0)) }))
        } catch {
            // The server's words may name more than the caller should know.
            log("mail to \(recipients.map { "<\($0.canonical)>" }.joined(separator: ", ")): \(error)")
            throw GuardError(.mailNotSent, "the mail server did not take the mail")
        }
    }
}
