import Foundation
import TestSupport

/// What the proxy before LMTP costs: Postfix hands mail to Dovecot by way of guardd, and directly, in interleaved pairs.
enum ProxyBench {
    private static let sender = "from@remote.test"
    private static let sessions = 4
    private static let perSession = 100

    private struct Cell {
        var rate: Double
        /// CPU milliseconds of guardd for a message.
        var guardd: Double
    }

    static func run(rounds: Int) throws {
        let keys = try GnuPGHome()
        try keys.generate(sender)
        let guardd = try GuardDaemon(rules: [])
        try guardd.importPublic(keys.publicKey(sender))
        let dovecot = try DovecotInstance(users: ["box@direct.test": "x", "box@proxy.test": "x"])
        defer { dovecot.stop() }
        guardd.settings["local_domains"] = "[\"direct.test\", \"proxy.test\"]"
        let socket = guardd.directory.file("run/lmtp.sock")
        guardd.tables = """
            [[proxy]]
            name = "lmtp"
            role = "lmtp"
            listen = "unix:\(socket)"
            next_hop = "unix:\(dovecot.lmtpSocket)"

            """
        try guardd.writeConfiguration()
        try guardd.start()
        defer { guardd.stop() }
        let postfix = try PostfixInstance(
            services: [.init("in")], sink: try SMTPSink(),
            settings: [
                "virtual_mailbox_domains": "direct.test proxy.test", "virtual_mailbox_maps": "static:all",
                "transport_maps":
                    "inline:{ {direct.test=lmtp:unix:\(dovecot.lmtpSocket)} {proxy.test=lmtp:unix:\(socket)} }",
            ])
        try postfix.start()
        defer { postfix.stop() }
        guard let pid = guardd.pid else { throw TestFailure("not running") }

        func measure(_ domain: String, _ mail: @escaping @Sendable (Int, Int) -> [UInt8]) throws -> Cell {
            let box = "box@\(domain)"
            dovecot.clear(box)
            let before = ProcessUsage.preciseSeconds(pid)
            let start = ContinuousClock.now
            let outcome = SMTPLoad.run(
                port: postfix.port("in"), sessions: sessions, messages: perSession, sender: sender, recipient: box,
                make: mail)
            guard outcome.errors.isEmpty else { throw TestFailure(outcome.errors[0]) }
            let count = sessions * perSession
            guard Wait.until(seconds: 120, { dovecot.count(box) >= count }) else {
                throw TestFailure("mail is missing")
            }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            return Cell(
                rate: Double(count) / seconds,
                guardd: (ProcessUsage.preciseSeconds(pid) - before) / Double(count) * 1e3)
        }

        let body = TestMail.prose(bytes: 2 << 10)
        let signed = try TestMail.signed(
            entity: Array("Content-Type: text/plain\r\n\r\n\(body)".utf8), from: sender, to: "box@proxy.test",
            with: keys)
        let plain = TestMail.make(from: sender, to: "box@proxy.test", body: body)
        say(
            "\nPostfix to Dovecot by LMTP, 2 KiB, \(sessions) sessions, \(rounds) interleaved pairs, mean and 95% interval"
        )
        say("mail       direct, messages/s  by guardd           ratio                at least  aim   CPU ms guardd")
        for (name, mail, aim) in [("passing", plain, 0.8), ("verifying", signed, 0.7)] {
            var direct: [Cell] = []
            var proxied: [Cell] = []
            for round in 0...rounds {
                let order = round.isMultiple(of: 2) ? ["direct.test", "proxy.test"] : ["proxy.test", "direct.test"]
                for domain in order {
                    let cell = try measure(domain) { _, _ in mail }
                    guard round > 0 else { continue }  // round 0 warms up
                    if domain == "direct.test" { direct.append(cell) } else { proxied.append(cell) }
                }
            }
            let text = dovecot.mail(of: "box@proxy.test").first?.value("Authentication-Results") ?? "-"
            guard text.contains(name == "passing" ? "pgp=none" : "pgp=pass") else { throw TestFailure(text) }
            let ratio = interval(zip(proxied, direct).map { $0.rate / $1.rate })
            let cells = [
                name, format(interval(direct.map(\.rate)), 0), format(interval(proxied.map(\.rate)), 0),
                format(ratio, 3), String(format: "%.3f", ratio.mean - ratio.half), String(format: "%.1f", aim),
                format(interval(proxied.map(\.guardd)), 3),
            ]
            say(
                zip(cells, [11, 20, 20, 21, 10, 6, 0]).map {
                    $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0)
                }.joined())
        }
    }
}
