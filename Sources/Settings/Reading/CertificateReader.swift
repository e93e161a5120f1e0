import CMS
import Guard

/// Reads `[guard.certificates]`.
struct CertificateReader {
    private let reader: TableReader

    init(_ reader: TableReader) { self.reader = reader }

    func read(_ configuration: inout GuardConfiguration) {
        var pki = PKISettings()
        if let kind = reader.choice("pki", PKISettings.Kind.self) { pki.kind = kind }
        pki.authorityCertificate = file("authority_certificate", "/etc/guardd/ca.pem") ?? ""
        pki.authorityKey = file("authority_key", "/etc/guardd/ca.key") ?? ""
        reader.integer("days", in: 1...3650, &pki.days)
        if let words = reader.strings("command", example: "/usr/local/bin/issue") { pki.command = words.map(\.value) }
        reader.seconds("timeout", in: 1...600, &pki.timeout)
        if let key = reader.choice("key", GeneratedKeyKind.self) { configuration.settings.certificates.keyKind = key }
        if let name = reader.string("organization", example: "Example Inc"), !name.value.isEmpty {
            configuration.settings.certificates.organization = name.value
        }
        reader.boolean("allow_untrusted", &configuration.settings.certificates.allowsUntrusted)
        check(pki)
        configuration.pki = pki
        reader.finish()
    }

    private func check(_ pki: PKISettings) {
        if pki.kind == .authority, pki.authorityCertificate.isEmpty || pki.authorityKey.isEmpty {
            reader.problems.add(
                reader.place("pki"),
                "pki = \"authority\" needs authority_certificate and authority_key; name both files")
        }
        if pki.kind == .command, pki.command.first?.hasPrefix("/") != true {
            reader.problems.add(
                reader.place("pki"), "pki = \"command\" needs command = [\"/absolute/path\", ...]; no shell is used")
        }
    }

    private func file(_ key: String, _ example: String) -> String? {
        guard let text = reader.string(key, example: example), !text.value.isEmpty else { return nil }
        guard text.value.hasPrefix("/") else {
            reader.problems.add(text.path, "\(key) = \"\(text.value)\" is no absolute path; begin it with /")
            return nil
        }
        return text.value
    }
}
