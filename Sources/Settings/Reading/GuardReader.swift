import MIME

/// Reads `[guard]`.
struct GuardReader {
    private let reader: TableReader

    init(_ reader: TableReader) { self.reader = reader }

    func read() -> GuardConfiguration {
        var configuration = GuardConfiguration()
        if let table = reader.table("mail") { readMail(table, &configuration) }
        if let table = reader.table("keys") { KeyReader(table).read(&configuration) }
        if let table = reader.table("certificates") { CertificateReader(table).read(&configuration) }
        if let table = reader.table("guests") { configuration.settings.guests = GuestReader(table).read() }
        if let table = reader.table("support") { configuration.settings.support = SupportReader(table).read() }
        if let table = reader.table("passwords") { PasswordReader(table).read(&configuration) }
        if let table = reader.table("recovery") { RecoveryReader(table).read(&configuration) }
        if let table = reader.table("sessions") { SessionReader(table).read(&configuration) }
        reader.finish()
        return configuration
    }

    private func readMail(_ table: TableReader, _ configuration: inout GuardConfiguration) {
        if let smtp = table.string("smtp", example: "127.0.0.1:25"), !smtp.value.isEmpty {
            configuration.hop = MailHop(address: smtp.value)
        }
        if let tls = table.choice("tls", MailHop.TLS.self) { configuration.hop?.tls = tls }
        // Read where there is no hop too, or they would be unknown.
        let tlsName = text(table, "tls_name", example: "mail.example.org")
        let authorities = table.file("tls_ca", example: "/etc/ssl/certs/ca-certificates.crt")
        configuration.hop?.tlsName = tlsName
        configuration.hop?.authorities = authorities
        var timeout = configuration.hop?.timeout ?? 30
        table.seconds("timeout", in: 1...600, &timeout)
        configuration.hop?.timeout = timeout
        let from = table.string("from", example: "guardd@example.org")
        let name = text(table, "from_name", example: "Key service")
        if let from, !from.value.isEmpty {
            if let address = EmailAddress(from.value), address.isDomainMapped {
                configuration.settings.mail.from = Mailbox(displayName: name, address: address)
            } else {
                table.problems.add(from.path, "from is no address; write from = \"guardd@example.org\"")
            }
        }
        if let hop = configuration.hop, configuration.settings.mail.from == nil {
            table.problems.add(
                table.place("smtp"),
                "smtp = \"\(hop.address)\" needs an address to write from; add from = \"guardd@...\"")
        }
        if let product = text(table, "product", example: "Guard") { configuration.settings.mail.product = product }
        configuration.settings.mail.templates = table.file("templates", example: "/etc/guardd/templates")
        table.finish()
    }

    /// nil for a setting that is absent or empty.
    private func text(_ table: TableReader, _ key: String, example: String) -> String? {
        guard let text = table.string(key, example: example), !text.value.isEmpty else { return nil }
        return text.value
    }
}
