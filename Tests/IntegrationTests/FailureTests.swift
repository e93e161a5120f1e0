import Foundation
import TestSupport
import Testing

extension Integration {
    /// Whatever breaks: nothing in clear at the next hop, the sender is told to try again, and the retry arrives once.
    @Suite struct Failures {
        let sink: SMTPSink
        let guardd: GuardDaemon
        let postfix: PostfixInstance
        let keys: People

        init() throws {
            let shared = try FailureLab.shared.get()
            (sink, guardd, postfix, keys) = (shared.sink, shared.guardd, shared.postfix, shared.keys)
            if guardd.process?.isRunning != true { try guardd.start() }
        }

        enum Stage: CaseIterable { case connect, mail, recipient, headers, body, endOfMessage }

        @Test(arguments: Stage.allCases) func killedAt(_ stage: Stage) throws {
            sink.clear()
            let recipient = People.bob
            let mail = TestMail.make(
                from: People.alice, to: recipient, body: TestMail.prose(bytes: 600_000) + "secret words\r\n")
            let wire = SMTPClient.stuffed(mail)
            let client = try SMTPClient(port: postfix.port("out"))
            try client.greet(login: People.alice)
            var worst: ServerReply?
            func step(_ reply: ServerReply) { if worst == nil && !reply.isPositive { worst = reply } }
            if stage == .connect { guardd.killNow() }
            step(try client.command("MAIL FROM:<\(People.alice)>"))
            if stage == .mail { guardd.killNow() }
            if worst == nil { step(try client.command("RCPT TO:<\(recipient)>")) }
            if stage == .recipient { guardd.killNow() }
            if worst == nil { step(try client.command("DATA")) }
            if worst == nil {
                if stage == .headers {
                    try client.write(Array(wire.prefix(60)))
                    guardd.killNow()
                    try client.write(Array(wire.dropFirst(60)))
                } else if stage == .body {
                    try client.write(Array(wire.prefix(300_000)))
                    guardd.killNow()
                    try client.write(Array(wire.dropFirst(300_000)))
                } else {
                    try client.write(wire)
                    // Postfix hands all to the filter only after the last byte: kill while it is at work.
                    if stage == .endOfMessage { guardd.killNow() }
                }
                step(try client.reply())
            }
            client.drop()
            // At the last stage guardd may have answered just before it died; then the message is protected and out.
            if stage != .endOfMessage || worst != nil {
                let reply = try #require(worst)
                #expect(reply.isTemporary, "\(reply)")
                #expect(sink.messages.isEmpty)
                try guardd.start()
                let retry = try SMTPClient.submit(
                    port: postfix.port("out"), login: People.alice, from: People.alice, to: [recipient], data: mail)
                #expect(retry.isPositive, "\(retry)")
            }
            let arrived = try sink.wait { $0.recipients == [recipient] }
            #expect(arrived.count == 1)
            #expect(!arrived[0].text.contains("secret words"))
            #expect(
                try keys.theirs.decrypt(try #require(arrived[0].parts.armor)).suffix(14).elementsEqual(
                    "secret words\r\n".utf8))
            #expect(try postfix.queueLength() == 0)
        }

        @Test func killedWhileSendmailSubmits() throws {
            sink.clear()
            guardd.killNow()
            try postfix.sendmail(
                ["-f", People.alice, People.bob],
                message: Array("From: \(People.alice)\nSubject: x\n\nsecret words\n".utf8))
            #expect(sink.messages.isEmpty)
            try guardd.start()
            let arrived = try sink.wait(seconds: 120) { $0.recipients == [People.bob] }
            #expect(arrived.count == 1 && !arrived[0].text.contains("secret words"))
        }

        func expectDeferred(_ what: Comment) throws {
            let mail = TestMail.make(from: People.alice, to: People.bob, body: "secret words\r\n")
            let reply = try SMTPClient.submit(
                port: postfix.port("out"), login: People.alice, from: People.alice, to: [People.bob], data: mail)
            if reply.isPositive {
                let arrived = try sink.wait { $0.recipients == [People.bob] }
                #expect(!arrived[0].text.contains("secret words"), what)
            } else {
                #expect(reply.isTemporary, "\(what): \(reply)")
                #expect(sink.messages.isEmpty, what)
            }
        }

        @Test func lockedDatabase() throws {
            sink.clear()
            // A pipe open in both directions never ends, so sqlite3 holds its lock until it is stopped. It waits for the
            // lock: the daemon may be writing at that moment.
            let holder = try ChildProcess(
                "/bin/sh",
                [
                    "-c",
                    "mkfifo \"$1\"; exec 0<>\"$1\"; printf '.timeout 20000\nBEGIN EXCLUSIVE;\n' >&0; exec sqlite3 \"$0\"",
                    guardd.store, guardd.directory.file("hold"),
                ],
                log: guardd.directory.file("holder.log"))
            defer { holder.stop() }
            let locked = try Wait.until { try Shell.run("sqlite3", [guardd.store, "BEGIN IMMEDIATE;"]).status != 0 }
            #expect(locked)
            try expectDeferred("database locked")
        }

        @Test func unreadableMasterKey() throws {
            sink.clear()
            guardd.stop()
            let key = guardd.masterKey
            rename(key, key + ".away")
            defer { rename(key + ".away", key) }
            #expect(throws: TestFailure.self) { try guardd.start() }
            try expectDeferred("no master key")
            #expect(sink.messages.isEmpty)
        }

        @Test func worldReadableMasterKeyIsRefused() throws {
            guardd.stop()
            chmod(guardd.masterKey, 0o644)
            defer { chmod(guardd.masterKey, 0o600) }
            #expect(throws: TestFailure.self) { try guardd.start() }
            #expect(
                (try? String(contentsOfFile: guardd.directory.file("log"), encoding: .utf8))?.contains("chmod") == true)
        }

        /// The spool of a large message does not fit: deferred, not cut.
        @Test func fullDisk() throws {
            let small = try TemporaryDirectory("tiny", mode: 0o777)
            try Shell.check("mount", ["-t", "tmpfs", "-o", "size=256k,mode=1777", "none", small.path])
            defer { _ = try? Shell.run("umount", [small.path]) }
            let other = try GuardDaemon(rules: FailureLab.rules)
            try keys.give(to: other)
            other.environment = ["TMPDIR": small.path]
            try other.start()
            defer { other.stop() }
            let sink = try SMTPSink()
            let postfix = try PostfixInstance(
                services: [
                    .init("out", milters: [other.socket], settings: ["milter_macro_daemon_name": "ORIGINATING"])
                ], sink: sink)
            try postfix.start()
            defer { postfix.stop() }
            let mail = TestMail.make(
                from: People.alice, to: People.bob, body: TestMail.prose(bytes: 4 << 20) + "secret words\r\n")
            let reply = try SMTPClient.submit(
                port: postfix.port("out"), login: People.alice, from: People.alice, to: [People.bob], data: mail)
            #expect(reply.isTemporary, "\(reply)")
            #expect(sink.count == 0)
            // Small mail needs no disk and goes on.
            let next = try SMTPClient.submit(
                port: postfix.port("out"), login: People.alice, from: People.alice, to: [People.bob],
                data: TestMail.make(from: People.alice, to: People.bob))
            #expect(next.isPositive, "\(next)")
        }

        /// At 70, 80 and 99% of what smtpd takes: protected and whole, or refused; never cut, never in clear.
        @Test(arguments: [70, 80, 99]) func closeToTheLimit(_ percent: Int) throws {
            sink.clear()
            let body = TestMail.prose(bytes: FailureLab.limit / 100 * percent - 2000)
            let mail = TestMail.make(from: People.alice, to: People.bob, body: body)
            let reply = try SMTPClient.submit(
                port: postfix.port("out"), login: People.alice, from: People.alice, to: [People.bob], data: mail)
            if reply.isPositive {
                let arrived = try sink.wait { $0.recipients == [People.bob] }
                #expect(
                    MailParts(try keys.theirs.decrypt(try #require(arrived[0].parts.armor))).body == Array(body.utf8))
            } else {
                #expect(reply.code >= 500, "\(reply)")
                #expect(sink.messages.isEmpty)
            }
        }

        /// 100 sessions at once, 20 messages each; then ten rounds that must not make it grow, smaller ones unless
        /// `GUARDD_SOAK` asks for ten like the first.
        @Test func manySessionsAndFlatMemory() throws {
            sink.clear()
            let before = sink.count
            let mail = TestMail.make(from: People.alice, to: People.bob, body: TestMail.prose(bytes: 2048))
            let port = postfix.port("out")
            func round(_ messages: Int) -> SMTPLoad.Outcome {
                SMTPLoad.run(
                    port: port, login: People.alice, sessions: 100, messages: messages, sender: People.alice,
                    recipient: People.bob
                ) { _, _ in mail }
            }
            let first = round(20)
            #expect(first.errors.isEmpty, "\(first.errors.prefix(3))")
            #expect(first.accepted == 2000)
            let pid = try #require(guardd.pid)
            var resident: [Int] = []
            let perRound = ProcessInfo.processInfo.environment["GUARDD_SOAK"] == nil ? 2 : 20
            for number in 0..<10 {
                let outcome = round(perRound)
                #expect(outcome.errors.isEmpty, "\(outcome.errors.prefix(3))")
                resident.append(ProcessUsage.resident(pid))
                // The sink keeps up before the next round: what is measured is guardd, not a queue.
                #expect(sink.waitForTotal(before + 2000 + (number + 1) * 100 * perRound, seconds: 600))
                sink.clear()
            }
            print("memory over 10 rounds, MiB: \(resident.map { $0 >> 20 })")
            let early = resident.prefix(3).max() ?? 0
            let late = resident.suffix(3).min() ?? 0
            #expect(late < early + early / 10 + (8 << 20))
            #expect(!guardd.log.contains("Sanitizer"), "\(guardd.log.suffix(4000))")
        }
    }
}

/// guardd that gets killed, with a Postfix of its own.
final class FailureLab: Sendable {
    static let shared = Result { try FailureLab() }
    static let limit = 4 << 20
    static let rules = [
        GuardDaemon.Rule("required", recipient: "*", encrypt: "required", sign: "never", missingKey: "refuse")
    ]

    let keys: People
    let sink: SMTPSink
    let guardd: GuardDaemon
    let postfix: PostfixInstance

    private init() throws {
        keys = try People.shared.get()
        sink = try SMTPSink()
        guardd = try GuardDaemon(rules: Self.rules)
        try keys.give(to: guardd)
        try guardd.start()
        postfix = try PostfixInstance(
            services: [.init("out", milters: [guardd.socket], settings: ["milter_macro_daemon_name": "ORIGINATING"])],
            nonSMTPDMilters: [guardd.socket], sink: sink,
            settings: ["message_size_limit": "\(Self.limit)", "cleanup_message_size_limit": "\(Self.limit * 3 / 2)"])
        try postfix.start()
    }
}
