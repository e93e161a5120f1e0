import KeyStore

/// Reads the settings of the process.
struct ServiceReader {
    private let reader: TableReader

    init(_ reader: TableReader) { self.reader = reader }

    func read(hostname: String) -> ServiceSettings {
        var settings = ServiceSettings(hostname: hostname)
        if let name = reader.string("hostname", example: "mail.example.org") {
            let isName =
                !name.value.isEmpty && name.value.utf8.count <= 253
                && name.value.utf8.allSatisfy {
                    $0 == 0x2D || $0 == 0x2E || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20)
                }
            if isName {
                settings.hostname = name.value.lowercased()
            } else {
                reader.problems.add(name.path, "hostname is no host name; write hostname = \"mail.example.org\"")
            }
        }
        if let socket = reader.string("socket", example: settings.socket) {
            if let complaint = ServiceReader.complaint(aboutSocket: socket.value) {
                reader.problems.add(socket.path, complaint)
            } else {
                settings.socket = socket.value
            }
        }
        if let mode = reader.mode("socket_mode") { settings.socketMode = mode }
        if let group = reader.string("socket_group", example: "postfix") {
            settings.socketGroup = group.value.isEmpty ? nil : group.value
        }
        settings.user = name("user", example: "guardd")
        settings.group = name("group", example: "guardd")
        settings.log = reader.choice("log", ServiceSettings.LogTarget.self) ?? settings.log
        if let facility = reader.string("syslog_facility", example: "mail") {
            let all = ["mail", "daemon", "user", "auth"] + (0...7).map { "local\($0)" }
            if all.contains(facility.value) {
                settings.syslogFacility = facility.value
            } else {
                reader.problems.add(facility.path, "syslog_facility is none of \(all.joined(separator: ", "))")
            }
        }
        settings.store = store(settings.store)
        settings.masterKey = file("master_key", settings.masterKey)
        let spool = file("spool_directory", "")
        settings.spoolDirectory = spool.isEmpty ? nil : spool
        reader.seconds("drain_timeout", in: 1...3600, &settings.drainTimeout)
        reader.integer("max_messages", in: 1...100_000, &settings.maxMessages)
        reader.integer("workers", in: 1...64, &settings.workers)
        reader.size("memory_budget", in: (8 << 20)...(1 << 40), &settings.memoryBudget)
        return settings
    }

    private func name(_ key: String, example: String) -> String? {
        guard let text = reader.string(key, example: example) else { return nil }
        guard !text.value.isEmpty else {
            reader.problems.add(text.path, "\(key) is empty; write \(key) = \"\(example)\" or leave it out")
            return nil
        }
        return text.value
    }

    /// A path, or the URL of a store of either kind.
    private func store(_ preset: String) -> String {
        guard let text = reader.string("store", example: preset) else { return preset }
        switch StoreLocation(text.value) {
        case .postgres(let url): return url
        case .sqlite(let path):
            guard path.hasPrefix("/") else {
                // Not quoted: it may be a URL with a password and a slip of the pen.
                reader.problems.add(
                    text.path,
                    "store is neither an absolute path nor a URL; write store = \"\(preset)\" or "
                        + "store = \"postgresql://user@host/database\"")
                return preset
            }
            return path
        }
    }

    private func file(_ key: String, _ preset: String) -> String {
        guard let text = reader.string(key, example: preset) else { return preset }
        guard text.value.hasPrefix("/") else {
            reader.problems.add(text.path, "\(key) = \"\(text.value)\" is no absolute path; begin it with /")
            return preset
        }
        return text.value
    }

    static func complaint(aboutSocket text: String) -> String? {
        let how = "write unix:/path, local:/path, inet:port@host or inet:host:port"
        guard let colon = text.firstIndex(of: ":") else { return "socket = \"\(text)\" names no kind; \(how)" }
        let rest = text[text.index(after: colon)...]
        switch text[..<colon] {
        case "unix", "local":
            return rest.hasPrefix("/") && rest.utf8.count < 108
                ? nil : "socket needs an absolute path under 108 octets; \(how)"
        case "inet", "inet6":
            let port: Substring
            if let at = rest.firstIndex(of: "@") {
                port = rest[..<at]
            } else if let last = rest.lastIndex(of: ":") {
                port = rest[rest.index(after: last)...]
            } else {
                port = rest
            }
            return UInt16(port) != nil ? nil : "socket has no port; \(how)"
        default: return "socket = \"\(text)\" is of no known kind; \(how)"
        }
    }
}
