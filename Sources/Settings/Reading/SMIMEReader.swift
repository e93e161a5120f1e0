/// Reads `[smime]`.
struct SMIMEReader {
    private let reader: TableReader

    init(_ reader: TableReader) { self.reader = reader }

    func read() -> SMIMESettings {
        var settings = SMIMESettings()
        if let paths = reader.strings("trust", example: "/etc/ssl/certs/ca-certificates.crt") {
            settings.trust = paths.map(\.value)
        }
        if let paths = reader.strings("crl", example: "/etc/guardd/crl") { settings.lists = paths.map(\.value) }
        if let level = reader.choice("revocation", SMIMESettings.Revocation.self) { settings.revocation = level }
        reader.boolean("decrypt_unauthenticated", &settings.opensUnauthenticated)
        reader.finish()
        return settings
    }
}
