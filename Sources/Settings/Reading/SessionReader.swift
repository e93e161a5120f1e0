import MIME

/// Reads `[guard.sessions]`.
struct SessionReader {
    private let reader: TableReader

    init(_ reader: TableReader) { self.reader = reader }

    func read(_ configuration: inout GuardConfiguration) {
        var sessions = configuration.settings.sessions
        reader.seconds("idle", in: 60...(365 * 86_400), &sessions.idleSeconds)
        reader.seconds("longest", in: 60...(365 * 86_400), &sessions.longestSeconds)
        reader.seconds("token", in: 60...(365 * 86_400), &sessions.tokenSeconds)
        reader.integer("guesses_per_minute", in: 1...1_000_000, &sessions.guessesPerMinute)
        if let domain = reader.string("login_domain", example: "example.org"), !domain.value.isEmpty {
            let name = DomainName(domain.value)
            sessions.loginDomain = name.text
            if !name.isMapped { reader.problems.add(domain.path, "login_domain = \"\(domain.value)\" is no domain") }
        }
        configuration.dovecot = reader.file("dovecot", example: "/run/dovecot/auth-client")
        reader.finish()
        configuration.settings.sessions = sessions
    }
}

extension TableReader {
    /// An absolute path; nil for a setting that is absent or empty.
    func file(_ key: String, example: String) -> String? {
        guard let text = string(key, example: example), !text.value.isEmpty else { return nil }
        guard text.value.hasPrefix("/") else {
            problems.add(text.path, "\(key) = \"\(text.value)\" is no absolute path; begin it with /")
            return nil
        }
        return text.value
    }
}
