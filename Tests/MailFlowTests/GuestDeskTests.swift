import Libcrypto
import MIME
import MailFlow
import Testing

/// Mail to recipients without a key under `missing_key = "guest"`.
@Suite struct GuestDeskTests {
    final class Desk: GuestDesk {
        struct Kept: Sendable {
            let message: String
            let recipients: [EmailAddress]
            let sender: EmailAddress?
        }

        private let state = Lock<[Kept]>([])
        let answer: GuestDeskResult
        init(_ answer: GuestDeskResult = .held) { self.answer = answer }
        var kept: [Kept] { state.withLock { $0 } }

        func hold(_ message: Spool, for recipients: [EmailAddress], from sender: EmailAddress?) -> GuestDeskResult {
            guard answer == .held, let bytes = try? message.bytes() else { return answer }
            state.withLock {
                $0.append(Kept(message: String(decoding: bytes, as: UTF8.self), recipients: recipients, sender: sender))
            }
            return .held
        }
    }

    private func harness(
        _ encrypt: Rule.Encrypt = .required, _ sign: Rule.Sign = .ifKey, desk: Desk? = Desk()
    ) throws -> Harness {
        let harness = try Harness([try rule("guests", encrypt, sign, missing: .guest)])
        harness.guests = desk
        return harness
    }

    private func mail(_ recipients: String...) -> Mail {
        var mail = Mail()
        mail.login = "alice@example.org"
        mail.to = recipients.map { "<\($0)>" }
        mail.header.append(("Bcc", " secret@partner.example"))
        mail.header.append(("Guardd-Verdict", " status=pass"))
        return mail
    }

    @Test(arguments: [Rule.Encrypt.required, .opportunistic], [false, true])
    func keepsTheMessageAndDropsTheOriginal(_ encrypt: Rule.Encrypt, splits: Bool) throws {
        let desk = Desk()
        let harness = try harness(encrypt, desk: desk)
        if splits { harness.policy.splitting = Splitting() }
        let passage = harness.send(mail("nobody@partner.example", "none@elsewhere.example"))
        #expect(passage.reply == .discard && passage.record?.result == .held && passage.record?.plan == "guest")
        #expect(passage.edits.isEmpty && passage.body == nil)
        let kept = try #require(desk.kept.first)
        #expect(desk.kept.count == 1)
        #expect(kept.recipients.map(\.canonical) == ["nobody@partner.example", "none@elsewhere.example"])
        #expect(kept.sender?.canonical == "alice@example.org")
        #expect(kept.message.hasPrefix("From: Alice <alice@example.org>\r\n"))
        #expect(kept.message.hasSuffix("\r\n\r\nHello, this is clear text.\r\n"))
        #expect(!kept.message.contains("Bcc") && !kept.message.contains("Guardd-Verdict"))
    }

    @Test func encryptsToWhoHasAKey() throws {
        let desk = Desk()
        let passage = try harness(desk: desk).send(mail("bob@partner.example"))
        #expect(passage.record?.result == .protected && desk.kept.isEmpty)
    }

    @Test(arguments: [false, true])
    func refusesWhereNotAllAreGuests(splits: Bool) throws {
        let desk = Desk()
        let harness = try harness(desk: desk)
        if splits { harness.policy.splitting = Splitting() }
        for recipients in [
            ["bob@partner.example", "nobody@partner.example"], ["nobody@partner.example", "x@example.org"],
        ] {
            var mail = mail()
            mail.to = recipients.map { "<\($0)>" }
            let passage = harness.send(mail)
            #expect(passage.code == "550 5.7.5" && passage.text.contains("nobody@partner.example"))
        }
        #expect(desk.kept.isEmpty)
    }

    @Test func refusesOwnUsersAndRequiredSignaturesAndStrangers() throws {
        let desk = Desk()
        #expect(try harness(desk: desk).send(mail("x@example.org")).code == "550 5.7.5")
        #expect(try harness(.required, .required, desk: desk).send(mail("nobody@partner.example")).code == "550 5.7.5")
        // Whoever comes from outside invites nobody.
        var inbound = mail("nobody@partner.example")
        inbound.login = nil
        #expect(try harness(desk: desk).send(inbound).code == "550 5.7.5")
        #expect(desk.kept.isEmpty)
    }

    @Test func neverLetsTheMessagePassWhereNobodyKeepsIt() throws {
        #expect(try harness(.opportunistic, desk: nil).send(mail("nobody@partner.example")).code == "550 5.7.5")
        let busy = Desk(.refused(SMTPReply(code: 451, enhanced: "4.3.0", text: "later")))
        let passage = try harness(desk: busy).send(mail("nobody@partner.example"))
        #expect(passage.code == "451 4.3.0" && passage.record?.result == .deferred)
    }
}
