import MailFlow

/// Reads one `[[proxy]]`.
struct ProxyReader {
    private let reader: TableReader
    private let number: Int

    /// - Parameter number: the place in the file, from 1, for one without a name.
    init(_ reader: TableReader, number: Int) {
        self.reader = reader
        self.number = number
    }

    /// nil where something without which there is no listener is missing or wrong; that is reported.
    func read() -> ProxySettings? {
        defer { reader.finish() }
        let name = reader.string("name", example: "dovecot")?.value ?? "\(number)"
        let role = reader.choice("role", ProxySettings.Role.self)
        let listen = address("listen", example: "127.0.0.1:10025")
        let nextHop = address("next_hop", example: "127.0.0.1:10026")
        let direction = reader.choice("direction", Direction.self)
        if role == nil {
            missing("role", "role = \"lmtp\", \"after-queue\", \"before-queue\" or \"assert\"")
        }
        guard let role, let listen, let nextHop else {
            // The rest is looked at all the same.
            var ignored = ProxySettings(name: name, role: .lmtp, listen: "", nextHop: "", direction: .inbound)
            readRest(&ignored)
            return nil
        }
        if direction == nil, role == .afterQueue || role == .beforeQueue {
            missing("direction", "direction = \"outbound\" or \"inbound\"")
        }
        if let direction, role == .assert, direction == .inbound {
            reader.problems.add(
                reader.place("direction"), "a proxy with role = \"assert\" is for outgoing mail; leave direction out")
        }
        if listen == nextHop {
            reader.problems.add(reader.place("next_hop"), "next_hop is the listener itself: mail would go in circles")
        }
        var settings = ProxySettings(
            name: name, role: role, listen: listen, nextHop: nextHop,
            direction: direction ?? (role == .lmtp ? .inbound : .outbound))
        readRest(&settings)
        return settings
    }

    /// Settings that have a preset.
    private func readRest(_ settings: inout ProxySettings) {
        reader.boolean("may_sign", &settings.declaration.maySign)
        if let milter = reader.string("trust_verdicts_from", example: "milter") {
            if milter.value == "milter" {
                settings.declaration.trustsVerdicts = true
            } else {
                reader.problems.add(
                    milter.path, "trust_verdicts_from can only be \"milter\"; leave it out to trust nobody")
            }
        }
        if let peers = reader.list("peers", example: "192.0.2.0/24", { try Network($0) }) { settings.peers = peers }
        if let mode = reader.mode("socket_mode") { settings.socketMode = mode }
        if let group = reader.string("socket_group", example: "postfix") {
            settings.socketGroup = group.value.isEmpty ? nil : group.value
        }
        settings.tls = reader.choice("tls", ProxySettings.TLS.self) ?? settings.tls
        settings.certificate = reader.file("tls_certificate", example: "/etc/guardd/proxy.pem")
        settings.key = reader.file("tls_key", example: "/etc/guardd/proxy.key")
        if settings.tls != .none, settings.certificate == nil || settings.key == nil {
            reader.problems.add(
                reader.place("tls"), "tls = \"\(settings.tls.rawValue)\" needs tls_certificate and tls_key")
        }
        settings.nextHopTLS = reader.choice("next_hop_tls", ProxySettings.TLS.self) ?? settings.nextHopTLS
        settings.nextHopTLSName = reader.string("next_hop_tls_name", example: "mail.example.org")?.value
        settings.nextHopAuthorities = reader.file("next_hop_tls_ca", example: "/etc/guardd/ca.pem")
        reader.size("max_size", in: (64 << 10)...(4 << 30), &settings.maxSize)
        reader.integer("max_connections", in: 1...10_000, &settings.maxConnections)
        reader.integer("max_recipients", in: 1...50_000, &settings.maxRecipients)
        reader.seconds("command_timeout", in: 5...3600, &settings.commandTimeout)
        reader.seconds("content_timeout", in: 5...3600, &settings.contentTimeout)
        reader.seconds("next_hop_timeout", in: 5...3600, &settings.nextHopTimeout)
        reader.seconds("eom_budget", in: 10...3600, &settings.budget)
        reader.seconds("keep_connections", in: 0...60, &settings.keepConnections)
    }

    private func missing(_ key: String, _ what: String) {
        // What cannot be read has been reported.
        guard !reader.wasWritten(key) else { return }
        reader.problems.add(reader.path, "proxy \(number) names no \(key); write \(what)")
    }

    private func address(_ key: String, example: String) -> String? {
        guard let text = reader.string(key, example: example) else {
            missing(key, "\(key) = \"\(example)\" or \(key) = \"unix:/path\"")
            return nil
        }
        guard Self.isAddress(text.value) else {
            reader.problems.add(
                text.path,
                "\(key) = \"\(text.value)\" is no address; write \(key) = \"\(example)\" or \(key) = \"unix:/path\"")
            return nil
        }
        return text.value
    }

    private static func isAddress(_ text: String) -> Bool {
        if text.hasPrefix("unix:") {
            // Beside it a temporary name must fit, with a number of ten digits.
            return text.hasPrefix("unix:/") && text.utf8.count <= 101 && !text.utf8.contains(0)
        }
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
            let port = UInt16(text[text.index(after: colon)...])
        else { return false }
        return port > 0 && !text.contains("/") && !text.contains(" ")
    }

}
