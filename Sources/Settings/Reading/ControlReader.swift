/// Reads `[control]`.
struct ControlReader {
    private let reader: TableReader

    init(_ reader: TableReader) { self.reader = reader }

    func read() -> ControlSettings {
        var settings = ControlSettings()
        if let socket = reader.string("socket", example: "/run/guardd/control.sock") {
            let path = socket.value.hasPrefix("unix:") ? String(socket.value.dropFirst(5)) : socket.value
            settings.socket = path.isEmpty ? nil : path
            // Beside it a temporary name must fit, with a number of ten digits.
            if !path.isEmpty, !path.hasPrefix("/") || path.utf8.count > 96 {
                reader.problems.add(
                    socket.path, "socket needs an absolute path of at most 96 octets, or \"\" for none")
            }
        }
        if let mode = reader.mode("socket_mode") { settings.socketMode = mode }
        if let group = reader.string("socket_group", example: "www-data") {
            settings.socketGroup = group.value.isEmpty ? nil : group.value
        }
        tcp(&settings)
        if let users = reader.strings("trusted_users", example: "www-data") {
            settings.trustedUsers = users.map(\.value)
        }
        if let users = reader.strings("support_users", example: "root") { settings.supportUsers = users.map(\.value) }
        if let users = reader.strings("mail_users", example: "vmail") { settings.mailUsers = users.map(\.value) }
        settings.clientCredentials = reader.file("client_credentials", example: "/etc/guardd/webmail.credentials")
        settings.supportCredentials = reader.file("support_credentials", example: "/etc/guardd/support.credentials")
        settings.mailCredentials = reader.file("mail_credentials", example: "/etc/guardd/mail.credentials")
        reader.size("max_mail_size", in: (64 << 10)...(1 << 30), &settings.maxMailSize)
        reader.size("max_body_size", in: (64 << 10)...(64 << 20), &settings.maxBodySize)
        reader.size("memory_budget", in: (1 << 20)...(1 << 40), &settings.memoryBudget)
        reader.integer("max_connections", in: 8...100_000, &settings.maxConnections)
        reader.seconds("head_timeout", in: 1...600, &settings.headTimeout)
        reader.seconds("body_timeout", in: 1...3600, &settings.bodyTimeout)
        reader.finish()
        return settings
    }

    private func tcp(_ settings: inout ControlSettings) {
        let certificate = reader.file("tls_certificate", example: "/etc/guardd/control.pem")
        let key = reader.file("tls_key", example: "/etc/guardd/control.key")
        var plain = false
        reader.boolean("plain_on_loopback", &plain)
        switch (certificate, key) {
        case (let certificate?, let key?): settings.tls = .init(certificate: certificate, key: key)
        case (nil, nil): break
        default:
            reader.problems.add(
                reader.place(certificate == nil ? "tls_key" : "tls_certificate"),
                "tls_certificate and tls_key go together; write both or none")
        }
        guard let tcp = reader.string("tcp", example: "127.0.0.1:8444"), !tcp.value.isEmpty else { return }
        guard let colon = tcp.value.lastIndex(of: ":"), colon > tcp.value.startIndex,
            let port = UInt16(tcp.value[tcp.value.index(after: colon)...])
        else {
            reader.problems.add(tcp.path, "tcp is no address with a port; write tcp = \"127.0.0.1:8444\"")
            return
        }
        let host = tcp.value[..<colon].filter { $0 != "[" && $0 != "]" }
        let endpoint = ControlSettings.Endpoint(host: String(host), port: Int(port))
        settings.tcp = endpoint
        if settings.tls == nil, !(plain && endpoint.isLoopback) {
            reader.problems.add(
                tcp.path,
                "tcp without TLS would show passwords to the network; name tls_certificate and tls_key, or, on loopback behind a proxy, write plain_on_loopback = true"
            )
        }
    }
}
