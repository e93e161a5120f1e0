import Foundation
import TestSupport

/// guardd that hands its copies to a next hop which misbehaves as told.
final class FaultLab: @unchecked Sendable {
    /// With connections for one copy each, so that every step comes with every copy.
    static let shared = Result { try FaultLab(keep: 0) }
    /// As guardd does by itself.
    static let keeping = Result { try FaultLab(keep: 5) }

    typealias Script = @Sendable (SMTPSink.Moment) -> SMTPSink.Fault?

    /// What the next hop does; asked on its threads.
    private final class Stage: @unchecked Sendable {
        private let lock = NSLock()
        private var script: Script = { _ in nil }
        func set(_ script: @escaping Script) { lock.withLock { self.script = script } }
        func ask(_ moment: SMTPSink.Moment) -> SMTPSink.Fault? { lock.withLock { script }(moment) }
    }

    static let budget = 10
    static let rules = [
        GuardDaemon.Rule(
            "opportunistic", recipient: "*", encrypt: "opportunistic", sign: "never", missingKey: "send-clear")
    ]

    let people: SplitPeople
    /// Where copies go.
    let hop: SMTPSink
    /// Where mail goes that stays one.
    let relay: SMTPSink
    let guardd: GuardDaemon
    let postfix: PostfixInstance
    private let stage: Stage

    private init(keep: Int) throws {
        people = try SplitPeople.shared.get()
        let stage = Stage()
        self.stage = stage
        hop = try SMTPSink { stage.ask($0) }
        relay = try SMTPSink()
        guardd = try SplitLab.daemon(people, rules: Self.rules)
        try SplitLab.split(guardd, hop: hop.port, budget: Self.budget, keep: keep)
        postfix = try PostfixInstance(
            services: [.init("out", milters: [guardd.socket], settings: ["milter_macro_daemon_name": "ORIGINATING"])],
            sink: relay)
        try postfix.start()
    }

    /// Everything up, nothing remembered.
    func reset() throws {
        stage.set { _ in nil }
        if guardd.process?.isRunning != true { try guardd.start() }
        if postfix.masterPID == nil { try postfix.start() }
        hop.clear()
        relay.clear()
    }

    func script(_ script: @escaping Script) { stage.set(script) }

    /// One attempt; nil where the conversation broke off.
    func attempt(from sender: String, to recipients: [String], _ mail: [UInt8]) -> ServerReply? {
        try? SMTPClient.submit(
            port: postfix.port("out"), login: sender, from: sender, to: recipients, data: mail)
    }

    /// Tries until it is taken or refused for good, as mail servers do.
    func deliver(from sender: String, to recipients: [String], _ mail: [UInt8], seconds: Double = 60) -> ServerReply? {
        var last: ServerReply?
        _ = Wait.until(seconds: seconds) {
            last = attempt(from: sender, to: recipients, mail)
            return last.map { !$0.isTemporary } ?? false
        }
        return last
    }

    /// How often each got a message, wherever it arrived.
    func counts(_ id: String) -> [String: Int] {
        var counts: [String: Int] = [:]
        for copy in hop.messages + relay.messages where copy.text.contains("<\(id)>") {
            for recipient in copy.recipients { counts[recipient, default: 0] += 1 }
        }
        return counts
    }

    /// What dead attempts left behind counts as old at once.
    func ageJournal() throws { try sql("UPDATE delivery SET since = 0 WHERE stage = 0") }

    func sql(_ text: String) throws { try Shell.check("sqlite3", [guardd.store, ".timeout 20000", text + ";"]) }
}
