import Foundation
import TestSupport
import Testing

extension Integration {
    /// What a proxy owes to those before and behind it.
    @Suite(.enabled(if: DovecotInstance.isAvailable)) struct ProxyTests {
        let lab: ProxyLab
        init() throws { lab = try ProxyLab.shared.get() }

        private func mail(_ id: String, to: String, body: String = "secret words\r\n", fields: [String] = []) -> [UInt8]
        {
            TestMail.make(
                from: "someone@elsewhere.test", to: to, fields: ["Message-ID: <\(id)>"] + fields, body: body)
        }

        // MARK: - Before Dovecot

        @Test func mailIsJudgedOnItsWayToTheMailbox() throws {
            let gpg = lab.people.gpg
            let signed = try TestMail.signed(
                entity: Array("Content-Type: text/plain\r\n\r\nsigned words\r\n".utf8), from: "p1@pgp.test",
                to: "box@guard.test", fields: ["Message-ID: <judged@proxy.test>"], with: gpg)
            #expect(try lab.send("in", from: "p1@pgp.test", to: ["box@guard.test"], signed).isPositive)
            try lab.settle()
            let found = try #require(lab.copies("judged@proxy.test", in: ["box@guard.test"]).first)
            #expect(found.parts.value("Authentication-Results")?.contains("pgp=pass") == true, "\(found.text)")
            #expect(found.parts.value("Guardd-Verdict")?.hasPrefix("pass") == true)
        }

        @Test func everyRecipientHasTheTruthOfDovecot() throws {
            let answers = try lab.sendLMTP(
                from: "never@guard.test",
                to: ["box@guard.test", "nobody@guard.test", "full@guard.test", "other@guard.test"],
                mail("truth@proxy.test", to: "box@guard.test"))
            #expect(answers["box@guard.test"]?.code == 250 && answers["other@guard.test"]?.code == 250)
            #expect(answers["nobody@guard.test"]?.code == 550)
            #expect(answers["full@guard.test"]?.code == 452 || answers["full@guard.test"]?.code == 552)
            let everybody = ["box@guard.test", "other@guard.test", "full@guard.test"]
            #expect(
                lab.copies("truth@proxy.test", in: everybody).flatMap(\.recipients).sorted()
                    == ["box@guard.test", "other@guard.test"])
        }

        @Test func verdictsOfTheMilterStayWhereTheyAreTrusted() throws {
            let forged = "Guardd-Verdict: pass; protocol=openpgp"
            for (port, isKept) in [("lmtp-trust", true), ("lmtp-out", false)] {
                let id = "\(port)@proxy.test"
                _ = try lab.sendLMTP(
                    from: "never@guard.test", to: ["box@guard.test"],
                    mail(id, to: "box@guard.test", fields: [forged]), port: port)
                let found = try #require(lab.copies(id, in: ["box@guard.test"]).first)
                #expect(found.text.contains(forged) == isKept, "\(port)")
            }
        }

        @Test func postfixSpeaksTLSToTheProxy() throws {
            #expect(
                try lab.send(
                    "in", from: "x@elsewhere.test", to: ["other@guard.test"],
                    mail("tls@proxy.test", to: "other@guard.test")
                )
                .isPositive)
            try lab.settle()
            #expect(lab.copies("tls@proxy.test", in: ["other@guard.test"]).count == 1)
            // Without it nothing is taken.
            let client = try SMTPClient(port: lab.ports["lmtp-tls"] ?? 0)
            #expect(try client.command("LHLO c").text.contains("STARTTLS"))
            #expect(try client.command("MAIL FROM:<a@b.test>").code == 530)
            // What is sent behind STARTTLS in clear text is no part of the conversation.
            try client.write("STARTTLS\r\nMAIL FROM:<a@b.test>\r\n")
            #expect(throws: TestFailure.self) { try client.reply() }
        }

        @Test func whatDovecotCannotTakeIsNotOffered() throws {
            let client = try SMTPClient(port: lab.ports["lmtp-out"] ?? 0)
            let words = try client.command("LHLO c").lines.map { $0.prefix { $0 != " " } }
            #expect(Set(words).isSuperset(of: ["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "SIZE", "XFORWARD"]))
            #expect(Set(words).isDisjoint(with: ["CHUNKING", "STARTTLS", "DSN", "SMTPUTF8", "BINARYMIME"]))
            client.quit()
        }

        // MARK: - Smuggling

        private static let ends = [
            "\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\n.\r", "\r\r\n.\r\r\n", "\r\n.\r\r\n",
            "\n\n.\n\n",
        ]

        /// Hands in one message that another server would take for two; nothing of the second may arrive anywhere.
        @Test(arguments: ends)
        func noMessageIsSmuggled(_ end: String) throws {
            let number = Self.ends.firstIndex(of: end) ?? 0
            for (port, word, to) in [
                ("after", "EHLO", "n1@none.test"), ("before", "EHLO", "n1@none.test"),
                ("lmtp-out", "LHLO", "n1@none.test"),
                ("assert", "EHLO", "n1@none.test"),
            ] {
                let id = "smuggle\(number).\(port)@proxy.test"
                let client = try SMTPClient(port: lab.ports[port] ?? 0)
                _ = try client.command("\(word) c")
                _ = try client.command("MAIL FROM:<never@guard.test>")
                _ = try client.command("RCPT TO:<\(to)>")
                guard try client.command("DATA").code == 354 else {
                    Issue.record("\(port)")
                    continue
                }
                let head = String(decoding: mail(id, to: to), as: UTF8.self).dropLast(2)
                try client.write(
                    head + end
                        + "MAIL FROM:<admin@guard.test>\r\nRCPT TO:<victim@none.test>\r\nDATA\r\nSubject: smuggled\r\n"
                        + "Message-ID: <second\(id)>\r\n\r\nsmuggled\r\n.\r\n")
                let reply = try client.reply()
                if port == "before" {
                    #expect(reply.code == 521, "\(reply)")
                } else {
                    #expect(reply.code == 250, "\(port) \(reply)")
                }
                client.drop()
            }
            try lab.settle()
            let everywhere = lab.sink.messages + lab.outside.messages
            #expect(
                !everywhere.contains { $0.sender == "admin@guard.test" || $0.recipients.contains("victim@none.test") })
            #expect(lab.dovecot.mail(of: "victim@none.test").isEmpty)
            let taken = (lab.sink.messages + lab.outside.messages).filter { $0.text.contains("<smuggle\(number).") }
            // One each by the filter behind the queue and by the last step, with the lines of the second as text.
            #expect(taken.count == 2 && taken.allSatisfy { $0.text.contains("smuggled\r\n") })
        }

        /// Of a line end that was not the protocol's nobody knows what was signed.
        @Test func aRepairedSignatureFails() throws {
            let signed = try TestMail.signed(
                entity: Array("Content-Type: text/plain\r\n\r\nsigned words\r\n".utf8), from: "p1@pgp.test",
                to: "box@guard.test", fields: ["Message-ID: <repaired@proxy.test>"], with: lab.people.gpg)
            let client = try SMTPClient(port: lab.ports["lmtp-trust"] ?? 0)
            _ = try client.command("LHLO c")
            _ = try client.command("MAIL FROM:<p1@pgp.test>")
            _ = try client.command("RCPT TO:<box@guard.test>")
            _ = try client.command("DATA")
            let text = String(decoding: signed, as: UTF8.self)
            let split = try #require(text.range(of: "\r\n\r\n"))
            let body = text[split.upperBound...].replacing("\r\n", with: "\n")
            try client.write(text[..<split.upperBound] + body + "\r\n.\r\n")
            #expect(try client.reply().code == 250)
            client.quit()
            let found = try #require(lab.copies("repaired@proxy.test", in: ["box@guard.test"]).first)
            #expect(found.parts.value("Authentication-Results")?.contains("pgp=fail") == true, "\(found.text)")
        }

        // MARK: - The last step

        /// Ways by which mail leaves that no filter saw with this recipient: each ends at the last step.
        @Test func nothingInClearPassesTheLastStep() throws {
            let stranger = "stranger@out.test"
            func hand(_ service: String, _ id: String, to: String) throws {
                let reply = try lab.send(
                    service, from: "never@guard.test", to: [to],
                    TestMail.split("\(id)@assert.test", from: "never@guard.test", to: [to]))
                #expect(reply.isPositive, "\(id): \(reply)")
            }
            try hand("milter", "alias", to: "list@guard.test")
            try hand("milter", "watched", to: "watched@pgp.test")
            try hand("always", "always", to: "n1@none.test")
            try hand("in", "direct", to: stranger)
            // A forward of one of our own users.
            try lab.postfix.sendmail(
                ["-f", "never@guard.test", stranger],
                message: Array("Subject: x\nMessage-ID: <local@assert.test>\n\nsecret words\n".utf8))
            // A bounce with the message in it, to somebody outside.
            let bounced = TestMail.split("bounce@assert.test", from: stranger, to: ["nobody@guard.test"])
            #expect(try lab.send("in", from: stranger, to: ["nobody@guard.test"], bounced).isPositive)
            try lab.settle()
            let leaked = lab.outside.messages.filter { $0.text.contains("secret words") }
            #expect(leaked.isEmpty, "\(leaked.map(\.recipients))")
            for way in ["alias", "watched", "always", "direct", "local"] {
                #expect(!lab.outside.messages.contains { $0.text.contains("<\(way)@assert.test>") }, "\(way)")
            }
            #expect(lab.guardd.log.contains("plan=assert"))
        }

        @Test func whatIsProtectedForItsReaderPassesTheLastStep() throws {
            let reply = try SMTPClient.submit(
                port: lab.postfix.port("milter"), login: "never@guard.test", from: "never@guard.test",
                to: ["keeper@out.test"],
                data: TestMail.split("kept@assert.test", from: "never@guard.test", to: ["keeper@out.test"]))
            #expect(reply.isPositive, "\(reply)")
            try lab.settle()
            let copies = lab.outside.messages.filter { $0.text.contains("<kept@assert.test>") }
            #expect(copies.count == 1 && copies.allSatisfy { CopyReader.form($0) == .openpgp })
            #expect(!copies.contains { $0.text.contains("Guardd-Marker") })
            // The same octets to somebody else do not.
            let data = try #require(copies.first).data
            let client = try SMTPClient(port: lab.ports["assert"] ?? 0)
            try client.greet()
            #expect(try client.send(from: "a@guard.test", to: ["stranger@out.test"], data: data).code == 550)
            #expect(
                try client.send(from: "a@guard.test", to: ["keeper@out.test", "stranger@out.test"], data: data).code
                    == 550)
            #expect(try client.send(from: "a@guard.test", to: ["keeper@out.test"], data: data).code == 250)
            client.quit()
        }

        // MARK: - The process

        @Test func aKilledGuarddLosesNothing() throws {
            let id = "killed@proxy.test"
            let client = try SMTPClient(port: lab.ports["lmtp-out"] ?? 0)
            _ = try client.command("LHLO c")
            _ = try client.command("MAIL FROM:<never@guard.test>")
            _ = try client.command("RCPT TO:<box@guard.test>")
            _ = try client.command("DATA")
            try client.write("Message-ID: <half@proxy.test>\r\n\r\nhalf")
            lab.guardd.killNow()
            #expect(throws: TestFailure.self) { try client.reply() }
            #expect(
                try lab.send("in", from: "x@elsewhere.test", to: ["box@guard.test"], mail(id, to: "box@guard.test"))
                    .isPositive)
            try lab.guardd.start()
            try lab.postfix.flush()
            try lab.settle()
            #expect(lab.copies(id, in: ["box@guard.test"]).count == 1)
            #expect(lab.copies("half@proxy.test", in: ["box@guard.test"]).isEmpty)
        }
    }
}
