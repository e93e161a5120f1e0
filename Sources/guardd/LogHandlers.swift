import Glibc
import Logging

/// Levels of syslog(3), which journald understands as `<n>` at the start of a line too.
private func priority(_ level: Logger.Level) -> Int32 {
    switch level {
    case .trace, .debug: LOG_DEBUG
    case .info: LOG_INFO
    case .notice: LOG_NOTICE
    case .warning: LOG_WARNING
    case .error: LOG_ERR
    case .critical: LOG_CRIT
    }
}

/// One line whatever the text holds: what a stranger wrote into a mail must not forge a second entry.
private func oneLine(_ text: String, _ metadata: Logger.Metadata) -> String {
    var text = text
    if !metadata.isEmpty { text += metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined() }
    // Where everything is printable ASCII, as almost always, nothing needs a closer look.
    if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        result.append(scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? "?" : scalar)
    }
    return String(result)
}

/// Lines on standard error: for journald with its level, otherwise with the time in UTC.
struct StandardErrorLog: LogHandler {
    var logLevel = Logger.Level.info
    var metadata = Logger.Metadata()
    private let isJournal = getenv("JOURNAL_STREAM") != nil

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let line = oneLine("\(event.message)", event.metadata.map { metadata.merging($0) { $1 } } ?? metadata)
        printError(isJournal ? "<\(priority(event.level))>\(line)" : "\(Self.time()) guardd: \(event.level): \(line)")
    }

    /// RFC 3339, always UTC.
    private static func time() -> String {
        var now = time_t()
        Glibc.time(&now)
        var parts = tm()
        gmtime_r(&now, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return "\(date)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
    }
}

/// syslog(3).
struct SystemLog: LogHandler {
    static let facilities: [String: Int32] = [
        "mail": LOG_MAIL, "daemon": LOG_DAEMON, "local0": LOG_LOCAL0, "local1": LOG_LOCAL1, "local2": LOG_LOCAL2,
        "local3": LOG_LOCAL3,
        "local4": LOG_LOCAL4, "local5": LOG_LOCAL5, "local6": LOG_LOCAL6, "local7": LOG_LOCAL7,
    ]

    var logLevel = Logger.Level.info
    var metadata = Logger.Metadata()

    init(facility: String) {
        // The library keeps the pointer.
        openlog(strdup("guardd"), LOG_PID | LOG_NDELAY, Self.facilities[facility] ?? LOG_MAIL)
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let line = oneLine("\(event.message)", event.metadata.map { metadata.merging($0) { $1 } } ?? metadata)
        line.withCString { text in withVaList([text]) { vsyslog(priority(event.level), "%s", $0) } }
    }
}
