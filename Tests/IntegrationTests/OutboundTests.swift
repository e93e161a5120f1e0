import Foundation
import TestSupport
import Testing

extension Integration {
    @Suite struct Outbound {
        let lab: Lab
        init() throws { lab = try Lab.shared.get() }

        @Test func everyRecipientDecryptsToTheOriginal() throws {
            let body =
                "--b\r\nContent-Type: text/plain\r\n\r\nSecret lunch.\r\n--b\r\nContent-Type: application/x-a\r\n\r\n..x \r\n--b--\r\n"
            let mail = TestMail.make(
                from: People.alice, to: People.bob,
                fields: [
                    "MIME-Version: 1.0", "Content-Type: multipart/mixed;\r\n\tboundary=\"b\"", "Content-Language:  en",
                ], body: body)
            let reply = try lab.sendOut(to: [People.bob, People.carol], mail)
            let arrived = try lab.delivered(reply)
            #expect(!arrived.text.contains("Secret lunch"))
            #expect(arrived.parts.value("Content-Type")?.lowercased().hasPrefix("multipart/encrypted") == true)
            let armor = try #require(arrived.parts.armor)
            let reference = try lab.recorder.recorded(try #require(reply.queueID))
            for (home, address) in [(lab.keys.theirs, People.bob), (lab.keys.carols, People.carol)] {
                let opened = try home.decrypt(armor)
                expectEntity(opened, equals: reference)
                let folder = try TemporaryDirectory()
                let key = try folder.write("key", home.secretKey(address))
                #expect(try Shell.check("sqop", ["decrypt", key], input: armor) == opened)
            }
        }

        @Test func requiredAndSignedCarriesOurSignature() throws {
            let reply = try lab.sendOut(to: [People.bothBob], TestMail.make(from: People.alice, to: People.bothBob))
            let armor = try #require(try lab.delivered(reply).parts.armor)
            try lab.keys.theirs.importKey(lab.keys.ours.publicKey(People.alice))
            let opened = try lab.keys.theirs.decryptWithStatus(armor)
            #expect(opened.status.contains("GOODSIG"))
            expectEntity(opened.content, equals: try lab.recorder.recorded(try #require(reply.queueID)))
        }

        @Test func requiredWithoutKeyIsRefusedOrDeferred() throws {
            let before = lab.sink.count
            let refused = try lab.sendOut(
                to: ["nobody@required.test"], TestMail.make(from: People.alice, to: "nobody@required.test"))
            #expect(refused.code == 550 && refused.text.contains("5.7."), "\(refused)")
            #expect(refused.text.contains("nobody@required.test"), "\(refused)")
            let deferred = try lab.sendOut(
                to: ["nobody@defer.test"], TestMail.make(from: People.alice, to: "nobody@defer.test"))
            #expect(deferred.code == 451 && deferred.text.contains("4.7."), "\(deferred)")
            let mixed = try lab.sendOut(
                to: [People.bob, "nobody@required.test"], TestMail.make(from: People.alice, to: People.bob))
            #expect(mixed.code == 550, "\(mixed)")
            #expect(lab.sink.count == before)
        }

        @Test func opportunisticSendsWhatItCan() throws {
            let mail = TestMail.make(from: People.alice, to: "x@opportunistic.test", body: "maybe clear\r\n")
            let encrypted = try lab.delivered(lab.sendOut(to: [People.optBob], mail))
            #expect(encrypted.parts.armor != nil && !encrypted.text.contains("maybe clear"))
            let clear = try lab.delivered(lab.sendOut(to: ["nobody@opportunistic.test"], mail))
            #expect(clear.parts.body == Array("maybe clear\r\n".utf8))
        }

        @Test func neverLeavesTheMessageAlone() throws {
            let reply = try lab.sendOut(to: ["x@never.test"], TestMail.make(from: People.alice, to: "x@never.test"))
            let arrived = try lab.delivered(reply)
            #expect(arrived.parts.body == (try lab.recorder.recorded(try #require(reply.queueID))).body)
        }

        @Test func signOnlyVerifiesWithGpg() throws {
            let mail = TestMail.make(
                from: People.alice, to: "x@signed.test",
                fields: [
                    "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit",
                ],
                body: "From here: gr\u{fc}n \r\n")
            let arrived = try lab.delivered(lab.sendOut(to: ["x@signed.test"], mail, parameters: "BODY=8BITMIME"))
            let type = try #require(arrived.parts.value("Content-Type"))
            #expect(type.lowercased().hasPrefix("multipart/signed"), "\(type)")
            let boundary = try #require(type.components(separatedBy: "boundary=").last?.split(separator: ";").first)
                .trimmingCharacters(in: CharacterSet(charactersIn: "\" "))
            let pieces = String(decoding: arrived.parts.body, as: UTF8.self).components(separatedBy: "--\(boundary)")
            try #require(pieces.count == 4)
            let signed = String(pieces[1].dropFirst().dropLast())
            #expect(signed.utf8.allSatisfy { $0 < 128 })
            let folder = try TemporaryDirectory()
            let signature = try folder.write("sig.asc", MailParts(Array(pieces[2].dropFirst().utf8)).body)
            let content = try folder.write("content", Array(signed.utf8))
            try lab.keys.ours.run(["--verify", signature, content])
        }

        @Test func signIfKeySendsUnsignedWithoutOne() throws {
            let mail = TestMail.make(from: "nokey@guard.test", to: "x@signed.test")
            let arrived = try lab.delivered(lab.sendOut(from: "nokey@guard.test", to: ["x@signed.test"], mail))
            #expect(arrived.parts.body == Array("Hello.\r\n".utf8))
        }

        /// Nobody gets another's signature: not by the From field, not by the envelope.
        @Test func loginAndFromMustAgree() throws {
            for (sender, from) in [(People.alice, People.alice), ("mallory@guard.test", People.alice)] {
                let mail = TestMail.make(from: from, to: "x@mustsign.test")
                let before = lab.sink.count
                let reply = try lab.sendOut(from: sender, login: "mallory@guard.test", to: ["x@mustsign.test"], mail)
                #expect(reply.code == 550 && reply.text.contains("5.7.1"), "\(reply)")
                #expect(lab.sink.count == before)
                let unsigned = try lab.delivered(
                    lab.sendOut(from: sender, login: "mallory@guard.test", to: ["y@signed.test"], mail))
                #expect(unsigned.parts.value("Content-Type")?.contains("multipart/signed") != true)
            }
        }

        static let shapes: [(String, [String], String)] = [
            ("empty body", ["MIME-Version: 1.0", "Content-Type: text/plain"], ""), ("no MIME fields", [], "plain\r\n"),
            ("dots", [], ".\r\n..\r\n...x\r\n.y\r\n"),
            ("long lines", [], String(repeating: "x", count: 998) + "\r\ny\r\n"),
            ("trailing space", [], "a \r\nb\t\r\n\r\n\r\n"),
            (
                "8 bit",
                ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"],
                "grün\r\n"
            ),
            ("headers only in 8 bit", ["X-Name: grün"], "x\r\n"),
        ]

        @Test(arguments: shapes.indices) func oddShapesComeBack(_ index: Int) throws {
            let (name, fields, body) = Self.shapes[index]
            let mail = TestMail.make(from: People.alice, to: People.bob, subject: name, fields: fields, body: body)
            let reply = try lab.sendOut(to: [People.bob], mail, parameters: "BODY=8BITMIME")
            let armor = try #require(try lab.delivered(reply).parts.armor)
            let reference = try lab.recorder.recorded(try #require(reply.queueID))
            #expect(reference.body == Array(body.utf8))
            expectEntity(try lab.keys.theirs.decrypt(armor), equals: reference)
        }

        @Test func internationalMail() throws {
            let mail = TestMail.make(from: "älice@guard.test", to: People.bob, subject: "grün", body: "grün\r\n")
            let reply = try lab.sendOut(
                from: "älice@guard.test", login: People.alice, to: [People.bob], mail,
                parameters: "BODY=8BITMIME SMTPUTF8")
            let arrived = try lab.delivered(reply)
            #expect(arrived.parameters.contains("SMTPUTF8"))
            expectEntity(
                try lab.keys.theirs.decrypt(try #require(arrived.parts.armor)),
                equals: try lab.recorder.recorded(try #require(reply.queueID)))
        }

        @Test func twentyFiveMebibytes() throws {
            let mail = TestMail.make(from: People.alice, to: People.bob, body: TestMail.prose(bytes: 25 << 20))
            let reply = try lab.sendOut(to: [People.bob], mail)
            let armor = try #require(try lab.delivered(reply).parts.armor)
            expectEntity(
                try lab.keys.theirs.decrypt(armor), equals: try lab.recorder.recorded(try #require(reply.queueID)))
        }

        @Test func sendmailCommandIsFilteredToo() throws {
            let text = Array("From: \(People.alice)\nTo: \(People.carol)\nSubject: by sendmail\n\nsecret words\n".utf8)
            try lab.postfix.sendmail(["-f", People.alice, "-t"], message: text)
            let byHeader = try lab.sink.message(to: People.carol)
            #expect(byHeader.parts.armor != nil && !byHeader.text.contains("secret words"))
            try lab.postfix.sendmail(["-f", "short", "old@required.test"], message: text)
            let mapped = try lab.sink.wait {
                $0.sender == People.alice && $0.recipients == [People.bob] && $0.text.contains("by sendmail")
            }[0]
            #expect(!mapped.text.contains("secret words"))
        }

        @Test func unqualifiedAndMappedRecipientsNeverLeaveInClear() throws {
            for recipient in ["old@required.test", "bob", "postmaster", "\"odd local\"@required.test"] {
                let mail = TestMail.make(from: People.alice, to: recipient, body: "secret words\r\n")
                let reply = try lab.sendOut(to: [recipient], mail)
                if reply.isPositive {
                    #expect(!(try lab.delivered(reply)).text.contains("secret words"), "\(recipient)")
                } else {
                    #expect(reply.code >= 400)
                }
            }
        }

        /// What guardd adds to its own output buys nothing when pasted on other mail.
        @Test func pastedMarkerDoesNotPass() throws {
            let mail = TestMail.make(from: People.alice, to: People.bob, body: "first\r\n")
            let own = try lab.delivered(lab.sendOut(to: [People.bob], mail)).parts.fields.filter {
                !["received", "from", "to", "subject", "date", "message-id", "content-type", "mime-version"].contains(
                    String(decoding: $0.prefix { $0 != 58 }, as: UTF8.self).lowercased())
            }
            let pasted =
                own.flatMap { $0 } + TestMail.make(from: People.alice, to: People.bob, body: "secret words\r\n")
            let arrived = try lab.delivered(lab.sendOut(to: [People.bob], pasted))
            #expect(arrived.parts.armor != nil && !arrived.text.contains("secret words"))
        }

        /// Mail that a user already protected stays as it is; what only looks so does not.
        @Test func alreadyProtectedMailIsLeftAlone() throws {
            func wrap(_ armor: [UInt8]) -> [UInt8] {
                TestMail.make(
                    from: People.alice, to: People.bob,
                    fields: [
                        "MIME-Version: 1.0",
                        "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=\"e\"",
                    ],
                    body:
                        "--e\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--e\r\nContent-Type: application/octet-stream\r\n\r\n"
                        + String(decoding: armor, as: UTF8.self).replacingOccurrences(of: "\r\n", with: "\n")
                        .replacingOccurrences(of: "\n", with: "\r\n")
                        + "\r\n--e--\r\n")
            }
            let real = try lab.keys.theirs.run(
                ["--armor", "--encrypt", "--recipient", People.bob], input: Array("inner\r\n".utf8))
            let mail = wrap(real)
            let reply = try lab.sendOut(to: [People.bob], mail)
            #expect(
                try lab.delivered(reply).parts.body == (try lab.recorder.recorded(try #require(reply.queueID))).body)
            let fake = wrap(Array("-----BEGIN PGP MESSAGE-----\n\nc2VjcmV0IHdvcmRz\n-----END PGP MESSAGE-----\n".utf8))
            let second = try lab.sendOut(to: [People.bob], fake)
            if second.isPositive { #expect(!(try lab.delivered(second)).text.contains("c2VjcmV0IHdvcmRz")) }
        }
    }
}
