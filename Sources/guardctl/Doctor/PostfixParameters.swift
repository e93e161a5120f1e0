/// The parameters of `main.cf`, and on top of them the `-o` options of one service.
struct PostfixParameters {
    /// Where a value was written.
    struct Place: Equatable {
        let file: String
        let line: Int
    }

    /// A value, with all names in it replaced by theirs.
    struct Setting: Equatable {
        let value: String
        /// nil for what Postfix takes where nothing is written.
        let place: Place?
    }

    /// The rules of postconf(5) for `$name` go deeper than anything that people write.
    private static let maximumDepth = 20

    private var written: [String: (value: String, place: Place)] = [:]

    init() {}

    /// Reads `main.cf`; the last of several lines for one name counts.
    init(parsing text: String, file: String) {
        for line in LogicalLine.split(text) {
            guard let (name, value) = line.text.assignment else { continue }
            set(name, value, Place(file: file, line: line.number))
        }
    }

    mutating func set(_ name: String, _ value: String, _ place: Place) { written[name] = (value, place) }

    /// These parameters with those of a service on top.
    func overridden(by options: PostfixParameters) -> PostfixParameters {
        var merged = self
        merged.written.merge(options.written) { _, new in new }
        return merged
    }

    /// Whether the file, or the service, says anything about a name.
    func isWritten(_ name: String) -> Bool { written[name] != nil }

    /// The value that counts.
    subscript(name: String) -> Setting {
        guard let (value, place) = written[name] else {
            return Setting(value: expand(Self.defaults[name] ?? "", depth: 0), place: nil)
        }
        return Setting(value: expand(value, depth: 0), place: place)
    }

    /// A whole number; nil for anything else.
    func integer(_ name: String) -> Int? { Int(self[name].value) }

    /// A time in seconds (postconf(5): a number with s, m, h, d or w; without one in seconds for what is asked here).
    func seconds(_ name: String) -> Int? { Self.seconds(self[name].value) }

    static func seconds(_ text: String) -> Int? {
        guard let last = text.last else { return nil }
        if let plain = Int(text) { return plain }
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800]
        guard let unit = units[last], let count = Int(text.dropLast()) else { return nil }
        let (seconds, isTooLarge) = count.multipliedReportingOverflow(by: unit)
        return isTooLarge ? nil : seconds
    }

    /// The words of a list.
    func list(_ name: String) -> [String] { self[name].value.wordsOutsideBraces() }

    // MARK: - $name

    private func expand(_ text: String, depth: Int) -> String {
        guard depth < Self.maximumDepth, text.contains("$") else { return text }
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...].dropFirst()
            guard let first = rest.first else { break }
            if first == "$" {
                result.append("$")
                rest = rest.dropFirst()
            } else if first == "{" || first == "(" {
                let close: Character = first == "{" ? "}" : ")"
                guard let content = Self.balanced(rest, first, close) else { return result }
                result += conditional(String(content), depth: depth)
                rest = rest[content.endIndex...].dropFirst()
            } else {
                let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                result += value(String(name), depth: depth)
                rest = rest[name.endIndex...]
            }
        }
        return result + rest
    }

    /// What stands between the bracket that `text` begins with and its partner.
    private static func balanced(_ text: Substring, _ open: Character, _ close: Character) -> Substring? {
        var depth = 0
        for index in text.indices {
            if text[index] == open { depth += 1 }
            if text[index] == close {
                depth -= 1
                if depth == 0 { return text[text.startIndex..<index].dropFirst() }
            }
        }
        return nil
    }

    /// `name`, `name?text`, `name:text`, `name?{text}:{text}`.
    private func conditional(_ content: String, depth: Int) -> String {
        let name = content.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        let rest = content[name.endIndex...]
        guard let operation = rest.first else { return value(String(name), depth: depth) }
        let isSet = !value(String(name), depth: depth).isEmpty
        var first = rest.dropFirst()
        var second = Substring()
        if first.first == "{", let content = Self.balanced(first, "{", "}") {
            second = first[content.endIndex...].dropFirst()
            first = content
            if second.first == ":" {
                second = second.dropFirst()
                if let content = Self.balanced(second, "{", "}") { second = content }
            }
        }
        switch operation {
        case "?": return expand(String(isSet ? first : second), depth: depth + 1)
        case ":": return isSet ? "" : expand(String(first), depth: depth + 1)
        default: return ""
        }
    }

    private func value(_ name: String, depth: Int) -> String {
        expand(written[name]?.value ?? Self.defaults[name] ?? "", depth: depth + 1)
    }

    /// What Postfix takes for the parameters that are asked for here.
    private static let defaults: [String: String] = [
        "bounce_size_limit": "50000",
        "cleanup_service_name": "cleanup",
        "config_directory": "/etc/postfix",
        "data_directory": "/var/lib/postfix",
        "mail_owner": "postfix",
        "message_size_limit": "10240000",
        "milter_command_timeout": "30s",
        "milter_connect_macros": "j {daemon_name} {daemon_addr} v _",
        "milter_connect_timeout": "30s",
        "milter_content_timeout": "300s",
        "milter_default_action": "tempfail",
        "milter_end_of_header_macros": "i",
        "milter_end_of_data_macros": "i",
        "milter_helo_macros": "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
        "milter_macro_daemon_name": "$myhostname",
        "milter_mail_macros": "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}",
        "milter_protocol": "6",
        "milter_rcpt_macros": "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
        "queue_directory": "/var/spool/postfix",
    ]
}
