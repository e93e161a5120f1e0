import Libcrypto
import MIME
import OpenPGP
import ProtectedMail
import Testing

@testable import MailFlow

/// Messages through a proxy: every recipient has an answer of their own.
@Suite struct ProxyMessageTests: ProxySuite {
    private final class Desk: GuestDesk {
        let held = Lock<[[String]]>([])
        func hold(_ message: Spool, for recipients: [EmailAddress], from sender: EmailAddress?) -> GuestDeskResult {
            held.withLock { $0.append(recipients.map(\.canonical)) }
            return .held
        }
    }

    private func outbound(_ rules: [Rule]) throws -> Harness {
        let harness = try Harness(rules)
        harness.keys.add(try People.carol.get(), for: "carol@partner.example")
        return harness
    }

    /// Signed by alice, as it arrives from outside, and a session that knows her key.
    private func signed() throws -> (mail: Mail, harness: Harness) {
        var mail = Mail(login: "alice@example.org")
        let passage = try Harness([rule("r", .never, .required)]).send(mail)
        mail.login = nil
        mail.body = try #require(passage.body)
        let type = passage.edits.compactMap { edit -> String? in
            if case .append("Content-Type", let value) = edit { value } else { nil }
        }.first
        mail.header[3] = ("Content-Type", try #require(type))
        mail.header.append(("MIME-Version", " 1.0"))
        mail.to = ["<someone@example.org>", "<other@example.org>"]
        let harness = try Harness()
        harness.keys.add(try People.alice.get(), for: "alice@example.org", .adminImport)
        return (mail, harness)
    }

    private let inbound = ProxyDeclaration(direction: .inbound)

    // MARK: - Outbound

    @Test func oneMissingKeyDecidesForNobodyElse() throws {
        let harness = try outbound([rule("r", .required)])
        let to = ["dave@nowhere.example", "bob@partner.example", "erin@nowhere.example", "carol@partner.example"]
        let arrival = try send(mail(to: to), harness)
        #expect(try arrival.refusal(0) == "550 5.7.5" && arrival.refusal(2) == "550 5.7.5")
        let released = try arrival.released(1)
        #expect(released.isProtected && released.recipients.map(\.text) == [to[1], to[3]])
        #expect(released.trace.map(\.name) == ["ADDR"] && released.sender == Array("<alice@example.org>".utf8))
        let all = try text(released)
        #expect(!all.contains("secret words") && all.contains("multipart/encrypted"))
        let (content, _, readers) = try Harness.decrypt(all, with: People.carol.get())
        #expect(content.hasSuffix("secret words\r\n") && readers.count == 2)
        #expect(arrival.records.map(\.result.rawValue).sorted() == ["protected", "rejected", "rejected"])
    }

    @Test func clearTextGoesOnlyWhereTheRuleLetsIt() throws {
        let to = ["dave@nowhere.example", "bob@partner.example"]
        var mail = mail(to: to)
        mail.header.append(("Bcc", " somebody@nowhere.example"))
        let arrival = try send(mail, outbound([rule("r", .opportunistic)]))
        let clear = try arrival.released(0)
        #expect(!clear.isProtected && clear.recipients.map(\.text) == [to[0]])
        #expect(try text(clear).hasSuffix("\r\n\r\nsecret words\r\n") && !text(clear).contains("Bcc"))
        #expect(try arrival.released(1).isProtected)
        let strict = try rule("r", .opportunistic, missing: .defer)
        #expect(try send(mail, outbound([strict])).refusal(0) == "451 4.7.5")
        let all = try rule("r", .opportunistic) { $0.allOrNone = true }
        #expect(try !send(mail, outbound([all])).released(1).isProtected)
    }

    @Test func allOrNoneNeverBreaksTheRuleOfAnother() throws {
        let rules = [
            try rule("bob", .opportunistic, missing: .refuse) {
                $0.recipient = [try AddressPattern("bob@partner.example")]
            },
            try rule("all", .opportunistic) { $0.allOrNone = true },
        ]
        let arrival = try send(mail(to: ["dave@nowhere.example", "bob@partner.example"]), outbound(rules))
        #expect(try arrival.refusal(0) == "550 5.7.5" && arrival.refusal(1) == "550 5.7.5")
    }

    @Test func blindCopiesAreIsolatedOrRefusedAlone() throws {
        var mail = mail(to: ["bob@partner.example"])
        mail.to.append("<carol@partner.example>")
        let isolated = try send(mail, outbound([rule("r", .required)]))
        #expect(try isolated.released(0).recipients.count == 1 && isolated.released(1).recipients.count == 1)
        let refusing = try rule("r", .required) { $0.blindCopies = .refuse }
        let arrival = try send(mail, outbound([refusing]))
        #expect(try arrival.refusal(1) == "550 5.7.1" && arrival.released(0).isProtected)
    }

    @Test func guestsWaitWhileOthersGetTheirs() throws {
        let desk = Desk()
        let harness = try outbound([rule("r", .required, missing: .guest)])
        harness.guests = desk
        let arrival = try send(
            mail(to: ["dave@nowhere.example", "bob@partner.example", "erin@nowhere.example"]), harness)
        #expect(try arrival.released(1).recipients.count == 1)
        guard case .done = try arrival.outcome(0), case .done = try arrival.outcome(2) else {
            Issue.record("guests are held")
            return
        }
        #expect(desk.held.withLock { $0 } == [["dave@nowhere.example", "erin@nowhere.example"]])
    }

    @Test func copiesForAnArchiveAreMadeOrTheMessageStops() throws {
        let archive = try rule("r", .required) { $0.companyCopy = EmailAddress("carol@partner.example") }
        let arrival = try send(mail(to: ["bob@partner.example"]), outbound([archive]))
        let extra = try #require(arrival.groups.first { $0.positions.isEmpty })
        guard case .released(let copy) = extra.outcome else { throw MailFlowError(.clearText, "no copy") }
        #expect(copy.isProtected && copy.recipients.map(\.text) == ["carol@partner.example"])
        #expect(try send(mail(to: ["bob@partner.example"]), Harness([archive])).refusal(0) == "451 4.7.5")
        // Nothing is archived of what nobody gets.
        let refused = try send(mail(to: ["dave@nowhere.example"]), outbound([archive]))
        #expect(refused.groups.count == 1 && refused.groups.first?.positions == [0])
    }

    @Test func onlyADeclaredPeerMaySign() throws {
        let signing = try rule("r", .never, .required, withoutLogin: true)
        let mail = mail(to: ["bob@partner.example"])
        #expect(try send(mail, Harness([signing])).refusal(0) == "550 5.7.1")
        let may = ProxyDeclaration(direction: .outbound, maySign: true)
        #expect(try text(send(mail, Harness([signing]), may).released(0)).contains("multipart/signed"))
        #expect(try send(mail, Harness([rule("r", .never, .required)]), may).refusal(0) == "550 5.7.1")
    }

    @Test func whatTheSenderEncryptedGoesOnAsItIs() throws {
        let harness = try outbound([rule("r", .required)])
        harness.markerKey = nil
        let first = try send(mail(to: ["bob@partner.example"]), harness).released(0)
        let raw = Array(try text(first).utf8)
        let arrival = try send(mail(to: ["dave@nowhere.example"]), harness, raw: raw)
        #expect(try arrival.released(0).isProtected && arrival.released(0).body.bytes() == first.body.bytes())
        #expect(arrival.records.map(\.result) == [.alreadyProtected])
    }

    @Test func ourOwnOutputIsNotProtectedTwice() throws {
        let harness = try outbound([rule("r", .required)])
        harness.policy.reinjectionPeers = [try Network("127.0.0.1")]
        let first = try send(mail(to: ["bob@partner.example"]), harness).released(0)
        let again = try send(mail(to: ["bob@partner.example"]), harness, raw: Array(text(first).utf8))
        #expect(again.records.map(\.result) == [.marked])
        #expect(try again.released(0).body.bytes() == first.body.bytes())
    }

    @Test func tooManyCopiesAreRefused() throws {
        let harness = try outbound([rule("r", .required)])
        var splitting = Splitting()
        splitting.maxCopies = 1
        harness.policy.splitting = splitting
        #expect(try send(mail(to: ["bob@partner.example", "x@nowhere.example"]), harness).refusal(0) == "554 5.7.1")
    }

    // MARK: - Inbound

    @Test func inboundMailGetsTheVerdictOfTheMilter() throws {
        let (mail, harness) = try signed()
        let passage = harness.send(mail)
        let arrival = try send(mail, harness, inbound)
        let released = try arrival.released(0)
        #expect(arrival.groups.count == 1 && released.recipients.count == 2 && !released.isProtected)
        var edited = EditedHeader(mail.header.map { HeaderField(name: Array($0.0.utf8), value: Array($0.1.utf8)) })
        for edit in passage.edits { edited.apply(edit) }
        #expect(released.header == edited.serialized)
        #expect(String(decoding: released.header, as: UTF8.self).contains("pgp=pass"))
        #expect(try released.body.bytes() == Array(mail.body.utf8))
        #expect(arrival.records.first?.verdict == "pass" && arrival.records.count == 1)
    }

    @Test func repairedLineEndsFailASignatureThatWouldFit() throws {
        let (mail, harness) = try signed()
        let header = String(
            decoding: try send(mail, harness, inbound, isBodyRepaired: true).released(0).header, as: UTF8.self)
        #expect(header.contains("pgp=fail\r\n\treason=\"repaired-line-ends:"))
        #expect(header.contains("Guardd-Verdict: fail; protocol=openpgp; encrypted=no; reason=repaired-line-ends;"))
        #expect(!header.contains("pass"))
        let plain = try send(self.mail(to: ["someone@example.org"]), harness, inbound, isBodyRepaired: true)
        #expect(String(decoding: try plain.released(0).header, as: UTF8.self).contains("pgp=none"))
    }

    @Test func forgedFieldsGoUnlessTheListenerTrustsThem() throws {
        var (mail, harness) = try signed()
        mail.header.insert(("Guardd-Verdict", " fail; protocol=none; encrypted=no; reason=none"), at: 0)
        let judged = try send(mail, harness, inbound).released(0)
        #expect(!String(decoding: judged.header, as: UTF8.self).contains("Guardd-Verdict: fail"))
        let trusting = ProxyDeclaration(direction: .inbound, trustsVerdicts: true)
        let kept = String(decoding: try send(mail, harness, trusting).released(0).header, as: UTF8.self)
        #expect(kept.contains("Guardd-Verdict: fail") && !kept.contains("pgp="))
        mail.header.removeFirst()
        let looked = String(decoding: try send(mail, harness, trusting).released(0).header, as: UTF8.self)
        #expect(looked.contains("pgp=pass"))
    }

    @Test func requiredProtectionOfForeignRecipientsConcernsThemAlone() throws {
        let harness = try outbound([rule("r", .required)])
        let arrival = try send(
            mail(to: ["dave@nowhere.example", "someone@example.org", "bob@partner.example"]), harness, inbound)
        #expect(try arrival.refusal(0) == "550 5.7.5")
        #expect(try text(arrival.released(1)).contains("secret words"))
        #expect(try arrival.released(2).isProtected)
    }

    @Test func aBrokenStoreDefersEverybody() throws {
        let (mail, harness) = try signed()
        harness.keys.isBroken = true
        #expect(try send(mail, harness, inbound).refusal(1) == "451 4.3.0")
        harness.policy.rules = [try rule("r", .required)]
        #expect(try send(self.mail(to: ["bob@partner.example"]), harness).refusal(0) == "451 4.3.0")
    }

    // MARK: - The stream

    @Test func theHeaderEndsWhereverThePiecesDo() throws {
        var mail = mail(to: ["someone@example.org"])
        let whole = try text(send(mail, Harness(), inbound).released(0))
        for piece in [1, 2, 3, 100_000] {
            mail.piece = piece
            #expect(try text(send(mail, Harness(), inbound).released(0)) == whole)
        }
    }

    @Test(arguments: [
        "", "\r\n", "no field\r\nat all\r\n", "Subject: x", "Subject: x\r\n", "\r\n\r\nbody",
        "A: b\r\nbody\r\n\r\nmore",
    ])
    func oddMessagesKeepTheirBody(raw: String) throws {
        let mail = mail(to: ["someone@example.org"])
        let released = try send(mail, Harness(), inbound, raw: Array(raw.utf8)).released(0)
        let body = String(decoding: try released.body.bytes(), as: UTF8.self)
        #expect(raw.hasSuffix(body))
        if raw.contains("body") { #expect(body.contains("body")) }
    }

    @Test func aHeaderWithoutAnEndIsRefused() throws {
        var mail = mail(to: ["someone@example.org"])
        mail.piece = 60_000
        let long = Array("X: ".utf8) + [UInt8](repeating: 0x61, count: 2 << 20)
        #expect(try send(mail, Harness(), inbound, raw: long).refusal(0) == "552 5.3.4")
        let many = (0..<40_000).flatMap { _ in Array("X: 123456789 123456789 1234\r\n".utf8) }
        #expect(try send(mail, Harness(), inbound, raw: many).refusal(0) == "552 5.3.4")
    }

    @Test func withoutRoomMailIsDeferred() throws {
        let harness = try Harness()
        harness.budget = Budget(limit: 100 << 10)
        #expect(try send(mail(to: ["someone@example.org"]), harness, inbound).refusal(0) == "451 4.3.1")
        let records = Lock<[MessageRecord]>([])
        harness.isDraining = true
        let message = ProxyMessage(context: context(harness, records), declaration: inbound, client: nil)
        #expect(message.sender(Array("<>".utf8), [])?.enhanced == "4.3.2")
    }

    @Test func whatIsBrokenOffIsLoggedOnceAndLeavesNothing() throws {
        let harness = try outbound([rule("r", .required)])
        let records = Lock<[MessageRecord]>([])
        let mail = mail(to: ["bob@partner.example"])
        for count in [0, 10, stream(mail).count] {
            let message = ProxyMessage(context: context(harness, records), declaration: inbound, client: nil)
            _ = message.sender(Array("<>".utf8), [])
            message.recipient(Array("<bob@partner.example>".utf8), [])
            let piece = Array(stream(mail).prefix(count))
            message.push(piece.span)
            message.abort()
            guard case .refused = message.finish().first?.outcome else { throw MailFlowError(.clearText, "left") }
        }
        #expect(records.withLock { $0.map(\.result) } == [.aborted, .aborted, .aborted])
        #expect(harness.budget.inUse == 0)
    }
}
