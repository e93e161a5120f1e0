import Foundation
import TestSupport

/// guardd as a proxy at three doors of a Postfix, before a next hop that misbehaves as told.
final class ProxyFaultLab: @unchecked Sendable {
    /// With connections for one copy each, so that every step comes with every copy.
    static let shared = Result { try ProxyFaultLab(keep: 0) }
    /// As guardd does by itself.
    static let keeping = Result { try ProxyFaultLab(keep: 5) }

    enum Door: String, CaseIterable {
        case lmtp, after, before
        /// Whether Postfix has the message, and tries again.
        var isQueued: Bool { self != .before }
    }

    /// Whether recipients are treated alike, so that the message stays one.
    enum Shape: String, CaseIterable {
        case one, several
        var recipients: [String] {
            switch self {
            case .one: ["p1@pgp.test", "p2@pgp.test", "p3@pgp.test"]
            case .several: ["p1@pgp.test", "s1@smime.test", "n1@none.test"]
            }
        }
    }

    /// Seconds: for a command of the next hop, for all copies, and for Postfix to wait for the answer to a message. Wide, as
    /// machines that run tests are slow at times; only a fault that is meant to comes near.
    static let (command, budget, patience) = (15, 25, 40)

    static let rules = [
        GuardDaemon.Rule("pgp", recipient: "@pgp.test", encrypt: "required", sign: "never", missingKey: "refuse"),
        GuardDaemon.Rule("smime", recipient: "@smime.test", encrypt: "required", sign: "never", missingKey: "refuse"),
        GuardDaemon.Rule("none", recipient: "*", encrypt: "opportunistic", sign: "never", missingKey: "send-clear"),
    ]

    let script: FaultScript
    /// Where mail goes.
    let hop: SMTPSink
    /// Where mail goes that Postfix returns.
    let relay: SMTPSink
    let guardd: GuardDaemon
    let postfix: PostfixInstance

    private init(keep: Int) throws {
        let people = try SplitPeople.shared.get()
        let script = FaultScript()
        self.script = script
        hop = try SMTPSink { script.ask($0) }
        relay = try SMTPSink()
        guardd = try SplitLab.daemon(people, rules: Self.rules)
        let (after, before) = (try SocketAddress.freePort(), try SocketAddress.freePort())
        let socket = guardd.directory.file("run/lmtp.sock")
        postfix = try PostfixInstance(
            services: [
                .init("lmtp", settings: ["content_filter": "lmtp:unix:\(socket)"]),
                .init("after", settings: ["content_filter": "smtp:[127.0.0.1]:\(after)"]),
                .init(
                    "before",
                    settings: [
                        "smtpd_proxy_filter": "127.0.0.1:\(before)", "smtpd_proxy_timeout": "\(Self.patience)s",
                    ]),
            ], sink: relay,
            settings: [
                "smtp_destination_recipient_limit": "1000", "default_destination_concurrency_limit": "10",
                "lmtp_destination_concurrency_failed_cohort_limit": "1000",
                "smtp_data_done_timeout": "\(Self.patience)s", "lmtp_data_done_timeout": "\(Self.patience)s",
                // A connection is for one message, so that it is known whose its end is.
                "smtp_connection_cache_on_demand": "no", "lmtp_connection_cache_on_demand": "no",
                "bounce_size_limit": "1",
            ])
        func proxy(_ name: String, _ role: String, _ listen: String) -> String {
            """
            [[proxy]]
            name = "\(name)"
            role = "\(role)"
            direction = "outbound"
            listen = "\(listen)"
            next_hop = "127.0.0.1:\(hop.port)"
            next_hop_timeout = "\(Self.command) s"
            eom_budget = "\(Self.budget) s"
            keep_connections = \(keep)

            """
        }
        guardd.tables =
            proxy("lmtp", "lmtp", "unix:\(socket)") + proxy("after", "after-queue", "127.0.0.1:\(after)")
            + proxy("before", "before-queue", "127.0.0.1:\(before)")
        try guardd.writeConfiguration()
        try postfix.start()
    }

    /// Everything up, nothing remembered.
    func reset() throws {
        script.clear()
        if guardd.process?.isRunning != true { try guardd.start() }
        if postfix.masterPID == nil { try postfix.start() }
        hop.clear()
        relay.clear()
    }

    /// What dead attempts left behind counts as old at once.
    func ageJournal() throws {
        try Shell.check(
            "sqlite3", [guardd.store, ".timeout 20000", "UPDATE delivery SET since = 0 WHERE stage = 0;"])
    }

    /// kill -9, and a new start.
    func restart() throws {
        try guardd.start()
        try ageJournal()
    }

    /// Hands a message in. Before the queue it is tried until it is taken or refused for good, as mail servers do; behind it
    /// Postfix does that.
    func send(_ door: Door, from sender: String, to recipients: [String], seconds: Double = 120) -> ServerReply? {
        let mail = TestMail.split(sender, from: sender, to: recipients)
        var last: ServerReply?
        _ = Wait.until(seconds: seconds) {
            last = try? SMTPClient.submit(port: postfix.port(door.rawValue), from: sender, to: recipients, data: mail)
            return last.map { !$0.isTemporary } ?? false
        }
        return last
    }

    /// Waits until nothing is on its way any more.
    func settle(seconds: Double = 180) throws {
        guard try Wait.until(seconds: seconds, { try postfix.isQueueEmpty() }) else {
            let queue = String(
                decoding: try Shell.check("postqueue", ["-c", postfix.configuration, "-p"]), as: UTF8.self)
            throw TestFailure("the queue does not get empty\n\(queue.prefix(3000))\n\(guardd.log.suffix(3000))")
        }
    }

    /// Runs `work` for each, several at once.
    func parallel<T: Sendable>(_ items: [T], width: Int = 8, _ work: @escaping @Sendable (T) -> Void) {
        let queue = OperationQueue()
        queue.maxConcurrentOperationCount = width
        for item in items { queue.addOperation { work(item) } }
        queue.waitUntilAllOperationsAreFinished()
    }

    // MARK: - What arrived

    /// How often each recipient got each message, and whose mail came back: by sender, then recipient.
    struct Arrivals {
        var copies: [String: [String: Int]] = [:]
        var returned: [String: Set<String>] = [:]
        /// Clear text that somebody got under a rule that forbids it.
        var leaks: [String] = []
    }

    func arrivals() -> Arrivals {
        var result = Arrivals()
        for copy in hop.messages {
            for recipient in copy.recipients { result.copies[copy.sender, default: [:]][recipient, default: 0] += 1 }
            if copy.text.contains("secret words"), !copy.recipients.allSatisfy({ $0.hasSuffix("@none.test") }) {
                result.leaks.append("\(copy.sender) to \(copy.recipients)")
            }
        }
        for notice in relay.messages {
            if notice.text.contains("secret words") { result.leaks.append("a return to \(notice.recipients)") }
            // Of a filter that does not answer Postfix tells its postmaster.
            if notice.sender.hasPrefix("double-bounce@") { continue }
            guard notice.sender.isEmpty, let sender = notice.recipients.first else {
                result.leaks.append("past the door: \(notice.sender) to \(notice.recipients)")
                continue
            }
            for line in notice.text.components(separatedBy: "\r\n") where line.hasPrefix("Final-Recipient: rfc822; ") {
                result.returned[sender, default: []].insert(String(line.dropFirst("Final-Recipient: rfc822; ".count)))
            }
        }
        return result
    }
}
