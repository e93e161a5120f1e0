import Libcrypto
import MIME

extension Guard {
    /// Writes to somebody. Returns when the next hop has taken the mail over; never call it within a transaction.
    ///
    /// - Parameters:
    ///   - language: as `de_DE`; empty for English.
    ///   - number: the administrator's templates with that number in front are preferred.
    ///   - secret: a generated password. The mail is the one place where it leaves `SecretBytes`.
    /// - Throws: `mailNotSent`.
    func send(
        _ kind: MailKind, to recipient: EmailAddress, language: String, number: Int? = nil,
        values: [String: String], secret: SecretBytes? = nil
    ) throws {
        guard let port = ports.mail, let from = settings.mail.from else {
            throw GuardError(.mailNotSent, "guardd is not configured to send mail")
        }
        let folder = TemplateFolder(path: settings.mail.templates, log: ports.log)
        guard let template = folder.template(kind, language: language, number: number) else {
            throw GuardError(.mailNotSent, "there is no text for this mail")
        }
        var values = values
        values["product"] = settings.mail.product
        let composer = try translating {
            MailComposer(from: from, time: now(), random: try SecureRandom.bytes(32))
        }
        let message: [UInt8]
        do {
            message = try composer.compose(template, to: recipient, values: values, secret: secret)
        } catch {
            ports.log("mail \(kind.rawValue): \(error)")
            throw GuardError(.mailNotSent, "the mail cannot be written")
        }
        try port.send(to: [recipient], message: message)
    }
}
