import Foundation

/// A private Postfix: own configuration, queue and data directories, free loopback ports, no chroot, stopped by the
/// process id of its master. Nothing of the system's instance is read or touched. Needs root, as Postfix does.
public final class PostfixInstance: @unchecked Sendable {
    /// One listening smtpd.
    public struct Service: Sendable {
        /// How the tests name it.
        public var name: String
        /// Sockets of filters, relative to nothing: full paths.
        public var milters: [String]
        /// Further `-o` settings.
        public var settings: [String: String]

        public init(_ name: String, milters: [String] = [], settings: [String: String] = [:]) {
            self.name = name
            self.milters = milters
            self.settings = settings
        }
    }

    /// Whether this machine and user can run it.
    public static let isAvailable: Bool = geteuid() == 0 && Shell.has("postfix") && getpwnam("postfix") != nil

    public let directory: TemporaryDirectory
    public let sink: SMTPSink
    public private(set) var ports: [String: UInt16] = [:]
    private let services: [Service]
    /// More of master.cf. Each 127.0.0.1:number in it stands for a free port, which ``port(_:)`` gives for the number.
    private let snippet: String
    private var master: pid_t?

    public var configuration: String { directory.file("etc") }
    public var log: String { (try? String(contentsOfFile: directory.file("mail.log"), encoding: .utf8)) ?? "" }
    /// Folder inside the queue directory for the sockets of filters.
    public var socketFolder: String { directory.file("queue/filter") }

    /// Lays everything out; nothing runs yet.
    ///
    /// - Parameter settings: lines for main.cf; `nonSMTPDMilters` filters what `sendmail` submits.
    public init(
        services: [Service], snippet: String = "", nonSMTPDMilters: [String] = [], sink: SMTPSink,
        settings: [String: String] = [:]
    ) throws {
        self.services = services
        self.snippet = snippet
        self.sink = sink
        directory = try TemporaryDirectory("pf", mode: 0o755)
        for name in ["etc", "queue", "data"] { mkdir(directory.file(name), 0o755) }
        guard let user = getpwnam("postfix")?.pointee else { throw TestFailure("no user postfix") }
        chown(directory.file("data"), user.pw_uid, user.pw_gid)
        mkdir(socketFolder, 0o2775)
        chown(socketFolder, user.pw_uid, user.pw_gid)
        chmod(socketFolder, 0o2775)

        var main: [String: String] = [
            "compatibility_level": "3.6", "queue_directory": directory.file("queue"),
            "data_directory": directory.file("data"), "maillog_file": directory.file("mail.log"),
            "maillog_file_prefixes": "/tmp", "myhostname": "mx.guard.test", "mydomain": "guard.test",
            "myorigin": "guard.test", "mydestination": "", "mynetworks": "127.0.0.0/8", "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4", "relayhost": "[127.0.0.1]:\(sink.port)", "smtp_dns_support_level": "disabled",
            "smtp_host_lookup": "native", "smtpd_peername_lookup": "no",
            "smtpd_relay_restrictions": "permit_mynetworks, check_client_access static:OK, reject",
            "smtpd_authorized_xclient_hosts": "127.0.0.1", "smtpd_sasl_auth_enable": "no",
            "smtpd_client_connection_count_limit": "0", "smtpd_client_connection_rate_limit": "0",
            "smtpd_client_message_rate_limit": "0", "smtpd_client_recipient_rate_limit": "0",
            "smtpd_error_sleep_time": "0", "message_size_limit": "52428800", "mailbox_size_limit": "0",
            "in_flow_delay": "0", "default_process_limit": "150", "local_recipient_maps": "", "alias_maps": "",
            "alias_database": "", "biff": "no", "append_dot_mydomain": "no", "smtp_tls_security_level": "none",
            "smtpd_tls_security_level": "none", "milter_default_action": "tempfail", "milter_protocol": "6",
            "milter_command_timeout": "60s", "milter_content_timeout": "120s",
            "default_destination_concurrency_limit": "40",
            "smtp_destination_concurrency_failed_cohort_limit": "1000", "minimal_backoff_time": "1s",
            "maximal_backoff_time": "1s", "queue_run_delay": "1s", "always_add_missing_headers": "no",
            "non_smtpd_milters": nonSMTPDMilters.map { "unix:\($0)" }.joined(separator: ", "),
        ]
        main.merge(settings) { $1 }
        let cleanup = main.removeValue(forKey: "cleanup_message_size_limit")
        try directory.write(
            "etc/main.cf", main.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)\n" }.joined(), mode: 0o644)
        try writeMaster(cleanup: cleanup)
    }

    private func writeMaster(cleanup: String?) throws {
        var lines: [String] = []
        for service in services {
            let port = try SocketAddress.freePort()
            ports[service.name] = port
            lines.append("127.0.0.1:\(port) inet n - n - - smtpd")
            lines.append("  -o smtpd_milters=" + service.milters.map { "unix:\($0)" }.joined(separator: ","))
            for (name, value) in service.settings.sorted(by: { $0.key < $1.key }) {
                lines.append("  -o { \(name) = \(value) }")
            }
        }
        for line in snippet.split(separator: "\n") where !line.hasPrefix("#") {
            var words = line.split(separator: " ").map(String.init)
            if line.hasPrefix(" ") {
                lines.append("  " + words.joined(separator: " "))
                continue
            }
            if let name = words.first, name.hasPrefix("127.0.0.1:") {
                let port = try SocketAddress.freePort()
                ports[String(name.dropFirst("127.0.0.1:".count))] = port
                words[0] = "127.0.0.1:\(port)"
            }
            // Nothing here is locked into its queue.
            if words.count > 4 { words[4] = "n" }
            lines.append(words.joined(separator: " "))
        }
        // The replaced body is measured against the limit of cleanup, and armor makes it larger.
        lines += ["cleanup unix n - n - 0 cleanup", "  -o message_size_limit=\(cleanup ?? "157286400")"]
        lines += [
            "pickup unix n - n 60 1 pickup", "qmgr unix n - n 1 1 qmgr", "tlsmgr unix - - n 1000? 1 tlsmgr",
            "rewrite unix - - n - - trivial-rewrite", "bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce",
            "trace unix - - n - 0 bounce", "verify unix - - n - 1 verify", "flush unix n - n 1000? 0 flush",
            "proxymap unix - - n - - proxymap", "proxywrite unix - - n - 1 proxymap", "smtp unix - - n - - smtp",
            "relay unix - - n - - smtp", "showq unix n - n - - showq", "error unix - - n - - error",
            "retry unix - - n - - error", "discard unix - - n - - discard", "local unix - n n - - local",
            "virtual unix - n n - - virtual", "lmtp unix - - n - - lmtp", "anvil unix - - n - 1 anvil",
            "scache unix - - n - 1 scache", "postlog unix-dgram n - n - 1 postlogd",
        ]
        try directory.write("etc/master.cf", lines.joined(separator: "\n") + "\n", mode: 0o644)
    }

    /// A file of etc/postfix, as the project ships it.
    public static func shipped(_ name: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent("etc/postfix/\(name)"), encoding: .utf8)
    }

    /// The port of a service.
    public func port(_ name: String) -> UInt16 { ports[name] ?? 0 }

    public func start() throws {
        let result = try Shell.run("postfix", ["-c", configuration, "start"])
        guard result.status == 0 else { throw TestFailure("postfix start: \(result.error)\n\(log)") }
        let file = directory.file("queue/pid/master.pid")
        let up = Wait.until {
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return false }
            master = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines))
            return master != nil
        }
        guard up, let master else { throw TestFailure("postfix did not start\n\(log)") }
        Reaper.shared.watch(pid: master)
        for port in ports.values { try Wait.untilListening(.port(port)) }
    }

    public var masterPID: pid_t? { master }

    /// Stops the master by its id and with it every process of the instance.
    public func stop() {
        guard let master else { return }
        self.master = nil
        kill(master, SIGTERM)
        // Not our child, so its end shows in /proc only.
        let gone = Wait.until(seconds: 10) { kill(master, 0) != 0 }
        if !gone { kill(master, SIGKILL) }
        Reaper.shared.forget(pid: master)
    }

    /// Submits with this instance's sendmail command.
    @discardableResult
    public func sendmail(_ arguments: [String], message: [UInt8]) throws -> Shell.Result {
        try Shell.run(
            "sendmail", ["-C", configuration] + arguments, input: message, environment: ["MAIL_CONFIG": configuration])
    }

    /// Tries deferred mail again.
    public func flush() throws { try Shell.check("postqueue", ["-c", configuration, "-f"]) }

    /// Changes settings while it runs.
    public func change(_ settings: [String: String]) throws {
        try Shell.check("postconf", ["-c", configuration, "-e"] + settings.map { "\($0) = \($1)" })
        try Shell.check("postfix", ["-c", configuration, "reload"])
    }

    /// Puts everything that waits back to where mail enters from this machine.
    public func requeue() throws { try Shell.check("postsuper", ["-c", configuration, "-r", "ALL"]) }

    /// Who still waits for their mail, by sender.
    public func queue() throws -> [String: Set<String>] {
        struct Entry: Decodable {
            struct Recipient: Decodable { let address: String }
            let sender: String
            let recipients: [Recipient]
        }
        let lines = try Shell.check("postqueue", ["-c", configuration, "-j"]).split(separator: 10)
        return try lines.map { try JSONDecoder().decode(Entry.self, from: Data($0)) }.reduce(into: [:]) {
            result, entry in
            result[entry.sender, default: []].formUnion(entry.recipients.map(\.address))
        }
    }

    /// Number of messages in the queue.
    public func queueLength() throws -> Int {
        try Shell.check("postqueue", ["-c", configuration, "-j"]).count { $0 == 10 }
    }

    /// Whether nothing is on its way. Read twice: what moves from one part of the queue to another meanwhile may be missing.
    public func isQueueEmpty() throws -> Bool { try queueLength() == 0 && queueLength() == 0 }

    public func emptyQueue() throws { _ = try Shell.run("postsuper", ["-c", configuration, "-d", "ALL"]) }

    deinit { stop() }
}
