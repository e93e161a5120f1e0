/// The part of the configuration that concerns the process and not the mail.
struct DaemonSettings: Equatable, Sendable {
    enum LogTarget: Equatable, Sendable {
        case standardError
        case syslog(facility: String)
    }

    /// Notation of either Postfix or libmilter.
    var socket = "unix:/var/spool/postfix/guardd/milter.sock"
    var socketMode: UInt32 = 0o660
    var socketGroup: String?
    /// The user to become when started as root.
    var user: String?
    var log = LogTarget.standardError
    /// Seconds that running messages get when guardd is told to stop.
    var drainTimeout = 60
    var maxMessages = 500
    var storePath = ""
    var masterKeyPath = ""

    /// The names of the settings that differ and only take effect at a start.
    func fixedSettings(differingFrom other: DaemonSettings) -> [String] {
        var names: [String] = []
        func compare<T: Equatable>(_ name: String, _ path: KeyPath<DaemonSettings, T>) {
            if self[keyPath: path] != other[keyPath: path] { names.append(name) }
        }
        compare("socket", \.socket)
        compare("socket_mode", \.socketMode)
        compare("socket_group", \.socketGroup)
        compare("user", \.user)
        compare("log", \.log)
        compare("max_messages", \.maxMessages)
        compare("store", \.storePath)
        compare("master_key", \.masterKeyPath)
        return names
    }
}
