import Libcrypto
import MIME
import MailFlow
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

/// Recipients who need different copies get them, and each copy tells nothing of the others.
@Suite struct CopiesTests {
    /// Takes copies, and answers as told.
    private final class Recorder: Redelivery {
        let taken = Lock<[Released]>([])
        let identities = Lock<[MessageIdentity]>([])
        let result: RedeliveryResult

        init(_ result: RedeliveryResult = .delivered) { self.result = result }

        func deliver(_ copies: [Released], of message: MessageIdentity) -> RedeliveryResult {
            taken.withLock { $0 += copies }
            identities.withLock { $0.append(message) }
            return result
        }

        /// Who has a copy of an attempt that failed.
        let begun = Lock<Set<String>>([])
        func hasUnfinished() -> Bool { begun.withLock { !$0.isEmpty } }
        func hasUnfinished(_: MessageIdentity, from: [UInt8], to recipients: [String]) -> Bool {
            begun.withLock { !$0.isDisjoint(with: recipients) }
        }

        var copies: [Released] { taken.withLock { $0 } }

        /// The only copy for a recipient.
        func copy(for recipient: String) throws -> Released {
            let found = copies.filter { copy in copy.recipients.contains { $0.text == recipient } }
            #expect(found.count == 1, "\(recipient)")
            return try #require(found.first)
        }
    }

    private func harness(_ rules: [Rule], _ recorder: Recorder = Recorder()) throws -> (Harness, Recorder) {
        let harness = try Harness(rules)
        harness.keys.add(try People.carol.get(), for: "carol@partner.example")
        harness.keys.add(try People.alice.get(), for: "alice@example.org", .own)
        harness.policy.splitting = Splitting()
        harness.redelivery = recorder
        return (harness, recorder)
    }

    private func mail(to visible: [String], bcc blind: [String] = []) -> Mail {
        var mail = Mail(login: "alice@example.org")
        mail.to = (visible + blind).map { "<\($0)>" }
        mail.header[1] = ("To", " " + visible.joined(separator: ", "))
        mail.header.append(("Bcc", " " + blind.joined(separator: ", ")))
        mail.body = "secret words\r\n"
        return mail
    }

    private func text(_ copy: Released) throws -> String {
        String(decoding: copy.header + [13, 10] + (try copy.body.bytes()), as: UTF8.self)
    }

    private func readers(_ copy: Released, _ secret: Result<SecretCertificate, any Error>) throws -> [KeyID] {
        let body = String(decoding: try copy.body.bytes(), as: UTF8.self)
        let (content, _, recipients) = try Harness.decrypt(body, with: secret.get())
        #expect(content.hasSuffix("secret words\r\n"))
        return recipients
    }

    @Test func whoHasNoKeyDoesNotDecideForOthers() throws {
        let (harness, recorder) = try harness([rule("r", .opportunistic)])
        let passage = harness.send(mail(to: ["bob@partner.example", "dave@nowhere.example"]))
        #expect(passage.reply == .discard)
        #expect(passage.record?.result == .split && passage.record?.copies == 2)
        let protected = try recorder.copy(for: "bob@partner.example")
        #expect(protected.isProtected)
        #expect(!(try text(protected)).contains("secret words"))
        #expect(try readers(protected, People.bob).count == 1)
        let clear = try recorder.copy(for: "dave@nowhere.example")
        #expect(!clear.isProtected)
        #expect(try text(clear).hasSuffix("\r\n\r\nsecret words\r\n"))
    }

    /// To find out who shares a copy costs no second look at their keys, nor a second check of a chain.
    @Test func nobodyIsAskedAboutTwice() throws {
        let (harness, _) = try harness([rule("r", .opportunistic)])
        let to = ["bob@partner.example", "carol@partner.example", "dave@nowhere.example"]
        #expect(harness.send(mail(to: to)).reply == .discard)
        let asked = harness.keys.asked.withLock { $0 }.map(\.canonical).filter { to.contains($0) }
        #expect(asked.sorted() == to)
    }

    @Test func recipientsWithTheSameTreatmentShareACopy() throws {
        let (harness, recorder) = try harness([rule("r", .opportunistic)])
        let passage = harness.send(
            mail(to: ["bob@partner.example", "dave@nowhere.example", "carol@partner.example", "erin@nowhere.example"]))
        #expect(passage.reply == .discard && recorder.copies.count == 2)
        #expect(try recorder.copy(for: "bob@partner.example").recipients.count == 2)
        #expect(try readers(recorder.copy(for: "carol@partner.example"), People.carol).count == 2)
    }

    @Test func oneTreatmentStaysOneMessage() throws {
        let (harness, recorder) = try harness([rule("r", .required)])
        let passage = harness.send(mail(to: ["bob@partner.example", "carol@partner.example"]))
        #expect(passage.reply == .accept && passage.body != nil && recorder.copies.isEmpty)
        #expect(passage.edits.contains(.remove(name: "Bcc", occurrence: 1)))
    }

    /// The first attempt was split and failed half-way; then a key or a rule changed, and one copy would do for all. Only the
    /// listener for copies knows who has theirs.
    @Test func whatWasBegunAsCopiesEndsAsCopies() throws {
        let to = ["bob@partner.example", "dave@nowhere.example"]
        for encrypt in [Rule.Encrypt.required, .never] {
            let (harness, recorder) = try harness([rule("r", encrypt)])
            harness.keys.add(try People.carol.get(), for: "dave@nowhere.example")
            recorder.begun.withLock { $0 = ["bob@partner.example"] }
            let passage = harness.send(mail(to: to))
            #expect(passage.reply == .discard, "\(encrypt)")
            #expect(try recorder.copy(for: to[1]).isProtected == (encrypt == .required))
            #expect(recorder.copies.count == 1 && recorder.copies.first?.recipients.map(\.text) == to)
            #expect(try text(recorder.copy(for: to[0])).contains("secret words") == (encrypt == .never))
        }
    }

    @Test func theUnfinishedMailOfOthersChangesNothing() throws {
        let (harness, recorder) = try harness([rule("r", .required)])
        recorder.begun.withLock { $0 = ["erin@nowhere.example"] }
        let passage = harness.send(mail(to: ["bob@partner.example", "carol@partner.example"]))
        #expect(passage.reply == .accept && passage.body != nil && recorder.copies.isEmpty)
        #expect(passage.record?.result == .protected)
        let (leaving, _) = try self.harness([rule("r", .never)], recorder)
        let passed = leaving.send(mail(to: ["bob@partner.example"]))
        #expect(passed.reply == .accept && passed.body == nil && passed.record?.result == .passed)
    }

    @Test func nothingToProtectStaysOneMessage() throws {
        let (harness, recorder) = try harness([rule("r", .opportunistic)])
        let passage = harness.send(mail(to: ["dave@nowhere.example"], bcc: ["erin@nowhere.example"]))
        #expect(passage.reply == .accept && recorder.copies.isEmpty)
    }

    @Test func blindCopiesAreAlone() throws {
        let (harness, recorder) = try harness([rule("r", .required)])
        let passage = harness.send(
            mail(to: ["bob@partner.example"], bcc: ["carol@partner.example", "alice@example.org"]))
        #expect(passage.reply == .discard && recorder.copies.count == 3)
        for (address, person) in [
            ("bob@partner.example", People.bob), ("carol@partner.example", People.carol),
            ("alice@example.org", People.alice),
        ] {
            let copy = try recorder.copy(for: address)
            #expect(copy.recipients.count == 1)
            let named = try readers(copy, person)
            #expect(named.count == 1)
            // The key that the copy names is their own.
            let own = try person.get().certificate.keys(matching: .keyID(try #require(named.first)))
            #expect(!own.isEmpty)
            let whole = try text(copy)
            #expect(!whole.contains("Bcc"))
            for other in ["carol@partner.example", "alice@example.org"] where other != address {
                #expect(
                    !whole.contains("<\(other)>") || whole.contains("From: Alice <\(other)>"), "\(address) \(other)")
            }
        }
    }

    /// Who is named in another case, or without our own domain, is no blind copy.
    @Test func namesAreComparedAsKeysAre() throws {
        for shown in [
            "Bob@PARTNER.example, carol@partner.example", "<BOB@partner.example>, \"C\" <Carol@partner.example>",
        ] {
            let (harness, recorder) = try harness([rule("r", .required)])
            var mail = mail(to: ["bob@partner.example", "carol@partner.example"])
            mail.header[1] = ("To", " " + shown)
            #expect(harness.send(mail).reply == .accept && recorder.copies.isEmpty, "\(shown)")
        }
        for (shown, isNamed) in [
            ("bob@partner.example, Alice", true), ("bob@partner.example, <alice>", true),
            ("bob@partner.example, alicia", false), ("bob@partner.example, alice@partner.example", false),
        ] {
            let (harness, recorder) = try harness([rule("r", .required)])
            harness.policy.localDomains = ["example.org"]
            var mail = mail(to: ["bob@partner.example", "alice@example.org"])
            mail.header[1] = ("To", " " + shown)
            #expect(harness.send(mail).reply == (isNamed ? .accept : .discard), "\(shown)")
            #expect(recorder.copies.count == (isNamed ? 0 : 2), "\(shown)")
        }
    }

    @Test func aLoneBlindCopyIsNotSplit() throws {
        let (harness, recorder) = try harness([rule("r", .required)])
        var mail = mail(to: ["bob@partner.example"])
        mail.header[1] = ("To", " list@partner.example")
        let passage = harness.send(mail)
        #expect(passage.reply == .accept && passage.body != nil && recorder.copies.isEmpty)
    }

    @Test func blindCopiesMayShareOrBeRefused() throws {
        let (sharing, shared) = try harness([rule("r", .required) { $0.blindCopies = .sharedHidden }])
        let one = sharing.send(mail(to: ["bob@partner.example"], bcc: ["carol@partner.example"]))
        #expect(one.reply == .accept && shared.copies.isEmpty)
        let hidden = try Harness.decrypt(try #require(one.body), with: try People.carol.get())
        #expect(hidden.recipients.filter { $0.isWildcard }.count == 1)
        let (refusing, _) = try harness([rule("r", .required) { $0.blindCopies = .refuse }])
        let refused = refusing.send(mail(to: ["bob@partner.example"], bcc: ["carol@partner.example"]))
        #expect(refused.code == "550 5.7.1")
    }

    @Test func whoMayNotHaveClearTextStopsTheMessage() throws {
        for (encrypt, missing, code) in [
            (Rule.Encrypt.required, Rule.MissingKey.refuse, "550 5.7.5"), (.required, .defer, "451 4.7.5"),
            (.opportunistic, .refuse, "550 5.7.5"),
        ] {
            let (harness, recorder) = try harness([rule("r", encrypt, missing: missing)])
            let passage = harness.send(mail(to: ["bob@partner.example", "dave@nowhere.example"]))
            #expect(passage.code == code)
            #expect(passage.text.contains("dave@nowhere.example"))
            #expect(recorder.copies.isEmpty)
        }
    }

    @Test func allOrNone() throws {
        let (harness, recorder) = try harness([rule("r", .opportunistic) { $0.allOrNone = true }])
        let passage = harness.send(mail(to: ["bob@partner.example", "dave@nowhere.example"]))
        #expect(passage.reply == .accept && passage.record?.result == .clear && recorder.copies.isEmpty)
    }

    @Test func tooManyCopies() throws {
        let (harness, recorder) = try harness([rule("r", .required)])
        harness.policy.splitting?.maxCopies = 1
        let passage = harness.send(mail(to: ["bob@partner.example"], bcc: ["carol@partner.example"]))
        #expect(passage.code == "554 5.7.1" && recorder.copies.isEmpty)
        let (soft, none) = try self.harness([rule("r", .opportunistic)])
        soft.policy.splitting?.maxCopies = 1
        let kept = soft.send(mail(to: ["bob@partner.example"], bcc: ["carol@partner.example"]))
        #expect(kept.reply == .accept && kept.body != nil && none.copies.isEmpty)
    }

    @Test func companyAndOwnCopies() throws {
        let (harness, recorder) = try harness([
            rule("r", .opportunistic) {
                $0.companyCopy = EmailAddress("carol@partner.example")
                $0.ownCopy = true
            }
        ])
        let passage = harness.send(mail(to: ["dave@nowhere.example"]))
        #expect(passage.reply == .discard && recorder.copies.count == 3)
        #expect(try readers(recorder.copy(for: "carol@partner.example"), People.carol).count == 1)
        #expect(try readers(recorder.copy(for: "alice@example.org"), People.alice).count == 1)
        #expect(try !recorder.copy(for: "dave@nowhere.example").isProtected)
    }

    @Test func anArchiveWithoutKeyDefers() throws {
        let (harness, recorder) = try harness([
            rule("r", .opportunistic) { $0.companyCopy = EmailAddress("archive@example.org") }
        ])
        let passage = harness.send(mail(to: ["bob@partner.example"]))
        #expect(passage.code == "451 4.7.5" && recorder.copies.isEmpty)
    }

    @Test func theAnswerOfTheNextHopIsTheAnswer() throws {
        let reply = SMTPReply(code: 451, enhanced: "4.3.0", text: "later")
        let (harness, _) = try harness([rule("r", .opportunistic)], Recorder(.refused(reply)))
        let passage = harness.send(mail(to: ["bob@partner.example", "dave@nowhere.example"]))
        #expect(passage.reply == .tempfail(reply))
        #expect(passage.record?.result == .deferred)
    }

    @Test func withoutAnybodyToTakeThemItWaits() throws {
        let (harness, _) = try harness([rule("r", .opportunistic)])
        harness.redelivery = nil
        #expect(harness.send(mail(to: ["bob@partner.example", "dave@nowhere.example"])).code == "451 4.3.0")
    }

    @Test func whatIsProtectedAlreadyStaysOne() throws {
        let (harness, recorder) = try harness([rule("r", .required)])
        var mail = mail(to: ["bob@partner.example"], bcc: ["carol@partner.example"])
        let first = harness.send(mail)
        #expect(first.reply == .discard)
        let copy = try recorder.copy(for: "bob@partner.example")
        mail.header = mail.header.filter { $0.0 != "Content-Type" }
        let fields = String(decoding: copy.header, as: UTF8.self)
        let type = try #require(fields.range(of: "multipart/encrypted"))
        mail.header.append(("Content-Type", " " + fields[type.lowerBound...].prefix { $0 != "\u{0}" }))
        mail.header[mail.header.count - 1].1 = String(
            mail.header[mail.header.count - 1].1.split(separator: "\r\n").prefix(2).joined(separator: "\n"))
        mail.body = String(decoding: try copy.body.bytes(), as: UTF8.self)
        let again = harness.send(mail)
        #expect(again.reply == .accept && again.record?.result == .alreadyProtected)
    }

    @Test func theEnvelopeTravels() throws {
        let (harness, recorder) = try harness([rule("r", .opportunistic)])
        var mail = mail(to: ["bob@partner.example", "dave@nowhere.example"])
        mail.parameters = ["SIZE=1000", "BODY=8BITMIME", "RET=HDRS", "ENVID=abc", "SMTPUTF8"]
        mail.recipientParameters = ["NOTIFY=FAILURE"]
        #expect(harness.send(mail).reply == .discard)
        for copy in recorder.copies {
            #expect(copy.sender == Array("<alice@example.org>".utf8))
            #expect(
                copy.senderParameters.map { String(decoding: $0, as: UTF8.self) } == [
                    "RET=HDRS", "ENVID=abc", "SMTPUTF8",
                ])
            #expect(copy.recipients.allSatisfy { $0.parameters == [Array("NOTIFY=FAILURE".utf8)] })
            let trace = String(decoding: copy.header, as: UTF8.self)
            #expect(
                trace.hasPrefix(
                    "Received: from client ([198.51.100.7])\r\n\tby mx.example.org (guardd) with ESMTPA id QUEUE1;\r\n"
                        + "\tTue, 14 Nov 2023 22:13:20 +0000\r\n"))
        }
    }

    /// The same message in two attempts has one identity, whatever servers add; another text has another.
    @Test func identity() throws {
        let (harness, recorder) = try harness([rule("r", .opportunistic)])
        var mail = mail(to: ["bob@partner.example", "dave@nowhere.example"])
        _ = harness.send(mail)
        mail.header.insert(("Received", " from elsewhere"), at: 0)
        mail.header.append(("X-Spam", " no"))
        _ = harness.send(mail)
        mail.header[3].1 = " other"
        _ = harness.send(mail)
        mail.body = "other words\r\n"
        _ = harness.send(mail)
        let seen = recorder.identities.withLock { $0 }
        #expect(seen.count == 4)
        #expect(seen[0] == seen[1] && seen[1] != seen[2] && seen[2] != seen[3])
    }
}
