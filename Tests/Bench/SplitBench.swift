import Foundation
import TestSupport

/// What it costs to split: one message for ten recipients, each with a copy of their own, against ten messages for one.
enum SplitBench {
    private static let sender = "plain@guard.test"
    private static let perRound = 20

    private struct Cost {
        var guardd: Double
        var postfix: Double
        var sum: Double { guardd + postfix }
    }

    static func run(rounds: Int) throws {
        let keys = try GnuPGHome()
        let authority = try OpenSSLAuthority()
        let guardd = try GuardDaemon(
            rules: [.init("all", recipient: "*", encrypt: "required", sign: "never", missingKey: "refuse")])
        let anchor = try guardd.directory.write("ca.pem", authority.folder.read("ca.pem"), mode: 0o644)
        guardd.settings["smime"] = "{ trust = [\"\(anchor)\"] }"
        try guardd.writeConfiguration()
        var recipients: [String] = []
        for number in 0..<5 {
            try keys.generate("p\(number)@pgp.test")
            try guardd.importPublic(keys.publicKey("p\(number)@pgp.test"))
            try guardd.importSMIME(authority.issue("s\(number)@smime.test").certificate)
            recipients += ["p\(number)@pgp.test", "s\(number)@smime.test"]
        }
        let sink = try SMTPSink(keepsMessages: false)
        let postfix = try PostfixInstance(
            services: [.init("out", milters: [guardd.socket], settings: ["milter_macro_daemon_name": "ORIGINATING"])],
            snippet: PostfixInstance.shipped("master.cf.copies"), sink: sink)
        guardd.tables = "[split]\nnext_hop = \"127.0.0.1:\(postfix.port("10026"))\"\n"
        try guardd.writeConfiguration()
        try postfix.start()
        defer { postfix.stop() }
        try guardd.start()
        defer { guardd.stop() }
        guard let master = postfix.masterPID, let pid = guardd.pid else { throw TestFailure("not running") }

        let body = TestMail.prose(bytes: 2 << 10)
        let toAll = TestMail.make(from: sender, to: recipients[0], body: body)
        let toOne = recipients.map { TestMail.make(from: sender, to: $0, body: body) }

        /// Milliseconds for ten copies.
        func measure(_ send: (SMTPClient) throws -> Void) throws -> Cost {
            let before = (sink.count, ProcessUsage.preciseSeconds(pid), ProcessUsage.treeSeconds(master))
            let client = try SMTPClient(port: postfix.port("out"))
            try client.greet(login: sender)
            for _ in 0..<perRound { try send(client) }
            client.quit()
            guard sink.waitForTotal(before.0 + perRound * recipients.count) else {
                throw TestFailure("mail is missing")
            }
            let scale = 1e3 / Double(perRound)
            return Cost(
                guardd: (ProcessUsage.preciseSeconds(pid) - before.1) * scale,
                postfix: (ProcessUsage.treeSeconds(master) - before.2) * scale)
        }
        func send(_ client: SMTPClient, _ recipients: [String], _ mail: [UInt8]) throws {
            let reply = try client.send(from: sender, to: recipients, data: mail)
            guard reply.isPositive else { throw TestFailure("\(reply)") }
        }
        // For a profiler, which is to see one of the two.
        let part = ProcessInfo.processInfo.environment["PART"]
        var single: [Cost] = []
        var split: [Cost] = []
        for round in 0...rounds {
            func one() throws {
                let cost = try measure { client in
                    for (recipient, mail) in zip(recipients, toOne) { try send(client, [recipient], mail) }
                }
                if round > 0 { single.append(cost) }  // round 0 warms up
            }
            func all() throws {
                let cost = try measure { try send($0, recipients, toAll) }
                if round > 0 { split.append(cost) }
            }
            let parts = [("single", one), ("split", all)].filter { part == nil || part == $0.0 }
            for (_, measure) in round.isMultiple(of: 2) ? parts : parts.reversed() { try measure() }
        }
        say("\n10 recipients, 5 OpenPGP and 5 S/MIME, 9 of them blind: 10 copies; 2 KiB, CPU ms for all ten")
        say("                      guardd              Postfix             together")
        for (name, costs) in [("10 single messages", single), ("1 message, split", split)] {
            let cells = [
                name, format(interval(costs.map(\.guardd)), 2), format(interval(costs.map(\.postfix)), 1),
                format(interval(costs.map(\.sum)), 1),
            ]
            say(
                zip(cells, [22, 20, 20, 0]).map {
                    $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0)
                }.joined())
        }
        let ratio = interval(zip(split, single).map { $0.sum / $1.sum })
        say("ratio \(format(ratio, 3)), at most \(String(format: "%.3f", ratio.mean + ratio.half)) (target 1.2)")
    }
}
