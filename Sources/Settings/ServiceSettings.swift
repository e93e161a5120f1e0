/// The settings of the process; none of them says what happens to a message.
public struct ServiceSettings: Sendable, Equatable {
    public enum LogTarget: String, Sendable, CaseIterable { case syslog, stderr }

    /// `unix:/path`, `local:/path`, `inet:port@host` or `inet:host:port`.
    public var socket = "unix:/var/spool/postfix/guardd/milter.sock"
    /// Permission bits of a unix socket.
    public var socketMode: UInt32 = 0o660
    /// The group of a unix socket.
    public var socketGroup: String? = "postfix"
    /// Whom to become after start as root; nil refuses to run as root.
    public var user: String?
    /// The group to become; nil for the user's own.
    public var group: String?
    public var log = LogTarget.stderr
    /// The syslog facility, as `mail`.
    public var syslogFacility = "mail"
    /// The key store: an absolute path, or a URL of PostgreSQL, which may hold a password.
    public var store = "/var/lib/guardd/keys.sqlite"
    /// The file with the master key.
    public var masterKey = "/etc/guardd/master.key"
    /// Our name: the authserv-id is made from it.
    public var hostname: String
    /// Seconds that running messages get when the daemon stops.
    public var drainTimeout = 60
    /// Messages in work at once; more are deferred.
    public var maxMessages = 500
    /// Connections of the key store that read.
    public var workers = 4
    /// Octets of memory that all messages together may use; more mail is deferred.
    public var memoryBudget = 512 << 20
    /// Where large results wait, sealed; nil for TMPDIR, else /var/tmp.
    public var spoolDirectory: String?

    public init(hostname: String) { self.hostname = hostname }

    /// The names of the settings that differ and only take effect at a start.
    public func fixedSettings(differingFrom other: ServiceSettings) -> [String] {
        var names: [String] = []
        func compare<T: Equatable>(_ name: String, _ path: KeyPath<ServiceSettings, T>) {
            if self[keyPath: path] != other[keyPath: path] { names.append(name) }
        }
        compare("socket", \.socket)
        compare("socket_mode", \.socketMode)
        compare("socket_group", \.socketGroup)
        compare("user", \.user)
        compare("group", \.group)
        compare("log", \.log)
        compare("syslog_facility", \.syslogFacility)
        compare("store", \.store)
        compare("master_key", \.masterKey)
        compare("max_messages", \.maxMessages)
        compare("workers", \.workers)
        compare("memory_budget", \.memoryBudget)
        return names
    }
}
