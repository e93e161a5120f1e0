import Foundation
import TestSupport
import Testing

extension Integration {
    /// Recipients who need different copies, through a real Postfix with the listener as shipped.
    @Suite struct SplitTests {
        let lab: SplitLab
        init() throws { lab = try SplitLab.shared.get() }

        private static let isWhole = ProcessInfo.processInfo.environment["GUARDD_SCALE"] == "1"

        /// {1, 2, 10, 100 recipients} x {OpenPGP, S/MIME, both, some without a key} x {To, Cc, Bcc} x outcomes of rules; the
        /// hundred with two outcomes only, unless GUARDD_SCALE asks for all.
        @Test(arguments: [1, 2, 10, 100], SplitCase.Kind.allCases)
        func everybodyGetsOneCopy(_ count: Int, _ kind: SplitCase.Kind) throws {
            let outcomes = count == 100 && !Self.isWhole ? ["required", "opportunistic"] : SplitCase.outcomes
            let cases = SplitCase.Place.allCases.flatMap { place in
                outcomes.map { SplitCase(count, kind, place, $0) }
            }
            for one in cases {
                let reply = try lab.send(from: one.sender, to: one.recipients, one.mail)
                #expect(
                    one.refusal == nil ? reply.isPositive : reply.code == one.refusal,
                    "\(one.id): \(reply)")
            }
            _ = try lab.copies("")
            let arrived = lab.sink.messages
            lab.sink.clear()
            for one in cases {
                let copies = arrived.filter { $0.text.contains("Message-ID: <\(one.id)>") }
                if one.refusal == nil {
                    try one.check(copies, lab.people)
                } else {
                    #expect(copies.isEmpty, "\(one.id)")
                }
            }
            // A second opinion on what is whole.
            let readable = arrived.filter { copy in
                CopyReader.form(copy) == .openpgp
                    && copy.recipients.contains { address in
                        (0..<SplitPeople.known).contains { address == "p\($0)@pgp.test" }
                    }
            }
            for opened in try lab.people.gpg.decryptAll(readable.prefix(40).compactMap(\.parts.armor)) {
                #expect(opened.map { String(decoding: $0, as: UTF8.self).contains("secret words") } == true)
            }
        }

        private func expectOnce(_ id: String, _ recipients: [String]) throws -> [DeliveredMessage] {
            let copies = try lab.copies(id)
            #expect(copies.flatMap(\.recipients).sorted() == recipients.sorted(), "\(id)")
            return copies
        }

        private func copy(_ copies: [DeliveredMessage], for recipient: String) throws -> DeliveredMessage {
            try #require(copies.first { $0.recipients.contains(recipient) })
        }

        @Test func sendmailWithNamesOfOurOwn() throws {
            let text = "From: opportunistic\nTo: bob, n1@none.test\nMessage-ID: <bob@mail.test>\n\nsecret words\n"
            try lab.postfix.sendmail(
                ["-f", "opportunistic@guard.test", "bob", "n1@none.test"], message: Array(text.utf8))
            let copies = try expectOnce("bob@mail.test", ["bob@guard.test", "n1@none.test"])
            let own = try copy(copies, for: "bob@guard.test")
            #expect(CopyReader.form(own) == .openpgp && own.recipients == ["bob@guard.test"])
            #expect(CopyReader.form(try copy(copies, for: "n1@none.test")) == .clear)
        }

        @Test func sendmailReadsRecipientsFromTheHeader() throws {
            let text =
                "From: required@guard.test\nTo: p1@pgp.test\nCc: s1@smime.test\nBcc: p2@pgp.test, s2@smime.test\n"
                + "Message-ID: <t@mail.test>\n\nsecret words\n"
            try lab.postfix.sendmail(["-f", "required@guard.test", "-t"], message: Array(text.utf8))
            let all = ["p1@pgp.test", "s1@smime.test", "p2@pgp.test", "s2@smime.test"]
            let copies = try expectOnce("t@mail.test", all)
            for recipient in all {
                let own = try copy(copies, for: recipient)
                #expect(own.recipients.count == 1 && own.parts.fields(named: "Bcc").isEmpty)
                let opened = try CopyReader.open(own, as: recipient, lab.people)
                let inner = String(decoding: opened ?? [], as: UTF8.self)
                #expect(inner.contains("secret words"), "\(recipient)")
                for blind in ["p2@pgp.test", "s2@smime.test"] where blind != recipient {
                    #expect(!own.text.contains(blind) && !inner.contains(blind), "\(blind) shows to \(recipient)")
                }
            }
        }

        @Test func addressesAreMappedAndAutomaticCopiesAreOff() throws {
            let to = ["old@pgp.test", "team@pgp.test", "audited@pgp.test", "s1@smime.test"]
            let sender = "opportunistic@guard.test"
            let reply = try lab.send(
                from: "short@guard.test", to: to, TestMail.split("maps@mail.test", from: sender, to: to))
            #expect(reply.isPositive, "\(reply)")
            // old@ has no key: guardd does not know that Postfix makes p3@ of it.
            let copies = try expectOnce(
                "maps@mail.test", ["p3@pgp.test", "x1@none.test", "x2@none.test", "audited@pgp.test", "s1@smime.test"])
            #expect(copies.allSatisfy { $0.sender == sender })
            let team = try copy(copies, for: "x1@none.test")
            #expect(CopyReader.form(team) == .openpgp)
            #expect(
                String(
                    decoding: try #require(try CopyReader.open(team, as: "team@pgp.test", lab.people)), as: UTF8.self
                )
                .contains("secret words"))
        }

        @Test func companyAndOwnCopies() throws {
            for (name, reader) in [("company", "archive@guard.test"), ("own", "own@guard.test")] {
                let id = "\(name)@mail.test"
                let reply = try lab.send(
                    from: "\(name)@guard.test", to: ["p1@pgp.test", "p2@pgp.test"],
                    TestMail.split(id, from: "\(name)@guard.test", to: ["p1@pgp.test", "p2@pgp.test"]))
                #expect(reply.isPositive, "\(reply)")
                let copies = try expectOnce(id, ["p1@pgp.test", "p2@pgp.test", reader])
                let extra = try copy(copies, for: reader)
                #expect(extra.recipients == [reader])
                #expect(try CopyReader.keyIDs(extra).count == 1)
                let opened = try CopyReader.open(extra, as: reader, lab.people)
                #expect(String(decoding: opened ?? [], as: UTF8.self).contains("secret words"))
                let theirs = try copy(copies, for: "p1@pgp.test")
                #expect(theirs.recipients.count == 2 && !theirs.text.contains("archive"))
                #expect(try CopyReader.keyIDs(theirs).count == 2)
            }
        }

        @Test func theSameMailTwiceArrivesTwice() throws {
            let to = ["p1@pgp.test", "s1@smime.test", "n1@none.test"]
            let sender = "opportunistic@guard.test"
            let mail = TestMail.split("twice@mail.test", from: sender, to: to)
            for _ in 0..<2 { #expect(try lab.send(from: sender, to: to, mail).isPositive) }
            _ = try expectOnce("twice@mail.test", to + to)
            // In two transactions with others each it reaches all, too.
            let second = TestMail.split("parts@mail.test", from: sender, to: to)
            #expect(try lab.send(from: sender, to: Array(to[..<2]), second).isPositive)
            #expect(try lab.send(from: sender, to: Array(to[1...]), second).isPositive)
            _ = try expectOnce("parts@mail.test", to + [to[1]])
        }

        /// What the source asked for about notices and characters travels.
        @Test func parametersTravel() throws {
            let client = try SMTPClient(port: lab.postfix.port("out"))
            let sender = "opportunistic@guard.test"
            try client.greet(login: sender, address: "192.0.2.9")
            defer { client.quit() }
            let to = ["p1@pgp.test", "n1@none.test"]
            let reply = try client.send(
                from: sender, to: to,
                data: TestMail.split("dsn@mail.test", from: sender, to: to, body: "gr\u{fc}n\r\n"),
                parameters: "BODY=8BITMIME RET=HDRS ENVID=QQ314159", recipientParameters: "NOTIFY=FAILURE,DELAY")
            #expect(reply.isPositive, "\(reply)")
            let copies = try expectOnce("dsn@mail.test", to)
            #expect(
                copies.allSatisfy { $0.parameters.contains("RET=HDRS") && $0.parameters.contains("ENVID=QQ314159") })
            #expect(try copy(copies, for: to[1]).parameters.contains("BODY=8BITMIME"))
            let trace = "(guardd) with ESMTPA id \(try #require(reply.queueID))"
            #expect(copies.allSatisfy { $0.parts.values("Received").contains { $0.contains(trace) } })
            // XFORWARD, for the log.
            #expect(lab.postfix.log.contains("orig_client=client.test[192.0.2.9]"))
        }

        /// More than Postfix has processes for, did each message hold a connection for each copy: none waits for another.
        @Test func manySessionsSplitAtOnce() throws {
            final class Problems: @unchecked Sendable {
                private let lock = NSLock()
                private var list: [String] = []
                func add(_ text: String) { lock.withLock { list.append(text) } }
                var all: [String] { lock.withLock { list } }
            }
            lab.sink.clear()
            let (lab, problems, group) = (lab, Problems(), DispatchGroup())
            let sender = "required@guard.test"
            let to = (0..<10).map { $0.isMultiple(of: 2) ? "p\($0)@pgp.test" : "s\($0)@smime.test" }
            for session in 0..<100 {
                group.enter()
                let thread = Thread {
                    do {
                        let mail = TestMail.split(
                            "load.\(session).end@mail.test", from: sender, to: [to[0]], bcc: Array(to[1...]))
                        let reply = try lab.send(from: sender, to: to, mail)
                        if !reply.isPositive { problems.add("\(reply)") }
                    } catch { problems.add("\(error)") }
                    group.leave()
                }
                thread.stackSize = 1 << 20
                thread.start()
            }
            group.wait()
            #expect(problems.all == [])
            _ = try lab.copies("")
            let arrived = Dictionary(grouping: lab.sink.messages) { $0.parts.value("Message-ID") ?? "" }
            for session in 0..<100 {
                let own = arrived["<load.\(session).end@mail.test>"] ?? []
                #expect(own.flatMap(\.recipients).sorted() == to.sorted() && own.count == 10, "\(session)")
            }
            lab.sink.clear()
        }

        /// Under systemd's unit guardd has no network: a socket of Postfix does as well.
        @Test func copiesThroughASocket() throws {
            let listener = try PostfixInstance.shipped("master.cf.copies").replacingOccurrences(
                of: "127.0.0.1:10026 inet n", with: "copies unix n")
            let guardd = try GuardDaemon(rules: [.init("all", recipient: "*", encrypt: "opportunistic", sign: "never")])
            try guardd.importPublic(lab.people.lateKey)
            let postfix = try PostfixInstance(
                services: [
                    .init("out", milters: [guardd.socket], settings: ["milter_macro_daemon_name": "ORIGINATING"])
                ],
                snippet: listener, sink: lab.sink)
            guardd.tables = "[split]\nnext_hop = \"unix:\(postfix.directory.file("queue/public/copies"))\"\n"
            try guardd.writeConfiguration()
            try postfix.start()
            defer { postfix.stop() }
            try guardd.start()
            defer { guardd.killNow() }
            let (sender, to) = ("a@guard.test", ["late@pgp.test", "n1@none.test"])
            let reply = try SMTPClient.submit(
                port: postfix.port("out"), login: sender, from: sender, to: to,
                data: TestMail.split("unix@mail.test", from: sender, to: to))
            #expect(reply.isPositive, "\(reply) \(guardd.log.suffix(600))")
            let copies = try lab.sink.wait(2) { $0.text.contains("unix@mail.test") }
            #expect(copies.flatMap(\.recipients).sorted() == to)
        }

        /// The listener for filters behind the queue: nothing is mapped, copied or protected a second time.
        @Test func whatComesBackIsLeftAlone() throws {
            let to = ["old@pgp.test", "team@pgp.test", "audited@pgp.test"]
            let mail =
                Array("Guardd-Verdict: status=pass\r\n".utf8)
                + TestMail.split("back@mail.test", from: "required@guard.test", to: to)
            let reply = try SMTPClient.submit(
                port: lab.postfix.port("10027"), from: "required@guard.test", to: to, data: mail)
            #expect(reply.isPositive, "\(reply)")
            let copies = try expectOnce("back@mail.test", to)
            #expect(copies.allSatisfy { $0.parts.value("Guardd-Verdict") != nil && $0.text.contains("secret words") })
        }

        @Test func moreCopiesThanAllowedAreRefused() throws {
            let blind = (1...SplitPeople.count).map { $0 == 100 ? "s1@smime.test" : "p\($0)@pgp.test" }
            let sender = "required@guard.test"
            let reply = try lab.send(
                from: sender, to: ["p0@pgp.test"] + blind,
                TestMail.split("many@mail.test", from: sender, to: ["p0@pgp.test"], bcc: blind))
            #expect(reply.code == 554 && reply.text.contains("5.7.1"), "\(reply)")
            #expect(try lab.copies("many@mail.test").isEmpty)
        }
    }
}
