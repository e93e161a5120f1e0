import Foundation

/// guardd as a running process with a configuration, a store and a master key of its own.
public final class GuardDaemon: @unchecked Sendable {
    /// One rule of the configuration; nil leaves the key out.
    public struct Rule: Sendable {
        public var name: String
        public var keys: [(String, String)]

        public init(
            _ name: String = "", sender: String? = nil, recipient: String? = nil, encrypt: String? = nil,
            sign: String? = nil,
            missingKey: String? = nil, more: [(String, String)] = []
        ) {
            self.name = name
            keys = []
            if let sender { keys.append(("sender", "[" + Self.quoted(sender) + "]")) }
            if let recipient { keys.append(("recipient", "[" + Self.quoted(recipient) + "]")) }
            if let encrypt { keys.append(("encrypt", Self.quoted(encrypt))) }
            if let sign { keys.append(("sign", Self.quoted(sign))) }
            if let missingKey { keys.append(("missing_key", Self.quoted(missingKey))) }
            keys += more
        }

        public static func quoted(_ text: String) -> String { "\"\(text)\"" }
    }

    public let directory: TemporaryDirectory
    public let socket: String
    public private(set) var process: ChildProcess?
    /// Settings before the rules, as TOML values by key.
    public var settings: [String: String]
    public var rules: [Rule]
    /// Further tables of the configuration.
    public var tables = ""
    /// Added to the daemon's environment at the next start.
    public var environment: [String: String] = [:]

    /// Whether the daemon and its tool are built beside the running program.
    public static let isAvailable: Bool = ["guardd", "guardctl"].allSatisfy { name in
        (try? Shell.run(Executable.path(name), ["--help"]))?.output.isEmpty == false
    }

    /// The authserv-id of every instance here.
    public static let authservID = "guardd.mx.guard.test"

    public var pid: pid_t? { process?.pid }
    public var configuration: String { directory.file("guardd.toml") }
    public var store: String { directory.file("store/guardd.sqlite") }
    public var masterKey: String { directory.file("store/master.key") }
    public var log: String { process?.logText ?? "" }

    /// Lays out configuration and store; nothing runs yet.
    public init(rules: [Rule], settings: [String: String] = [:]) throws {
        directory = try TemporaryDirectory("gd", mode: 0o755)
        socket = directory.file("run/milter.sock")
        self.rules = rules
        let user = "postfix"
        self.settings = [
            "socket": Rule.quoted("unix:\(socket)"), "socket_group": Rule.quoted("postfix"), "user": Rule.quoted(user),
            "store": Rule.quoted(directory.file("store/guardd.sqlite")),
            "master_key": Rule.quoted(directory.file("store/master.key")), "log": Rule.quoted("stderr"),
            "authserv_id": Rule.quoted(Self.authservID), "hostname": Rule.quoted("mx.guard.test"),
            "local_domains": "[\"guard.test\"]", "message_size_limit": "52428800",
        ].merging(settings) { $1 }
        guard let owner = getpwnam(user)?.pointee else { throw TestFailure("no user \(user)") }
        for folder in ["run", "store"] {
            mkdir(directory.file(folder), 0o750)
            chown(directory.file(folder), owner.pw_uid, owner.pw_gid)
        }
        try writeConfiguration()
        try control(["init"])
        try giveAway()
    }

    public func writeConfiguration() throws {
        var text = settings.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)\n" }.joined()
        text += "\n[direction]\noutbound_daemons = [\"ORIGINATING\"]\ntrusted_networks = []\n"
        text += "\n" + tables
        for rule in rules {
            text += "\n[[rule]]\n"
            if !rule.name.isEmpty { text += "name = \"\(rule.name)\"\n" }
            for (key, value) in rule.keys { text += "\(key) = \(value)\n" }
        }
        try directory.write("guardd.toml", text, mode: 0o644)
    }

    /// What guardctl makes as root belongs to the user guardd becomes.
    private func giveAway() throws { try Shell.check("chown", ["-R", "postfix:postfix", directory.file("store")]) }

    /// Runs guardctl with this configuration.
    @discardableResult
    public func control(_ arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
        try Shell.check(Executable.path("guardctl"), arguments + ["--config", configuration], input: input)
    }

    public func importPublic(_ key: [UInt8]) throws {
        try control(["key", "import", try directory.write("import.asc", key)])
        try giveAway()
    }

    public func importSecret(_ key: [UInt8]) throws { try importPublic(key) }

    /// Certificates, or a private key with its certificate.
    public func importSMIME(_ pem: [UInt8], trust: String = "message") throws {
        try control(["smime", "import", "--trust", trust, try directory.write("import.pem", pem)])
        try giveAway()
    }

    public func start() throws {
        process = try ChildProcess(
            Executable.path("guardd"), ["--config", configuration], environment: environment, log: directory.file("log")
        )
        let up = Wait.until {
            process?.isRunning != true || (try? TCPConnection(.unix(socket))) != nil
        }
        guard up, process?.isRunning == true else { throw TestFailure("guardd did not start:\n\(log)") }
    }

    public func stop() {
        process?.stop()
        process = nil
    }

    /// kill -9.
    public func killNow() {
        process?.killNow()
        process = nil
    }
}
