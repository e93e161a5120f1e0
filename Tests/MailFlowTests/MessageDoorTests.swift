import Libcrypto
import MIME
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

@testable import MailFlow

@Suite struct MessageDoorTests {
    static let mail = Array(
        """
        From: Alice <alice@example.org>\r
        To: bob@partner.example\r
        Bcc: carol@partner.example\r
        Subject: hello\r
        Guardd-Verdict: pass\r
        \r
        This is clear text.\r

        """.utf8)

    private func door(_ change: (Harness) throws -> Void = { _ in }) throws -> MessageDoor {
        let harness = try Harness()
        try change(harness)
        return MessageDoor(context: Self.context(harness))
    }

    static func context(_ harness: Harness) -> SessionContext {
        let now = harness.now
        return SessionContext(
            policy: harness.policy, keys: harness.keys, now: { now }, log: { _ in }, budget: harness.budget,
            markerKey: harness.markerKey)
    }

    private func order(_ recipients: [String], encrypt: Bool = true, sign: Bool = false) throws -> ProtectionOrder {
        ProtectionOrder(
            sender: try #require(EmailAddress("alice@example.org")),
            recipients: recipients.compactMap { EmailAddress($0) },
            encrypt: encrypt, sign: sign)
    }

    @Test func encryptsAndSigns() throws {
        let result = String(
            decoding: try door().protect(Self.mail, order(["bob@partner.example"], sign: true)), as: UTF8.self)
        #expect(!result.contains("clear text") && !result.contains("Bcc:") && !result.contains("Guardd-Verdict"))
        #expect(result.contains("multipart/encrypted") && result.contains("Subject:"))
        let opened = try Harness.decrypt(result, with: People.bob.get(), signer: People.alice.get())
        #expect(opened.content.contains("clear text") && !opened.content.contains("Bcc") && opened.good == 1)
    }

    @Test func namesEverybodyWithoutKey() throws {
        let order = try order(["bob@partner.example", "x@partner.example", "y@partner.example"])
        #expect(throws: MessageDoorError.missingKeys(["x@partner.example", "y@partner.example"])) {
            try door().protect(Self.mail, order)
        }
    }

    @Test func blindCopiesAreHidden() throws {
        let door = try door { $0.keys.add(try People.carol.get(), for: "carol@partner.example") }
        let result = String(
            decoding: try door.protect(Self.mail, order(["bob@partner.example", "carol@partner.example"])),
            as: UTF8.self)
        let opened = try Harness.decrypt(result, with: People.carol.get())
        #expect(opened.recipients.contains(.wildcard) && opened.recipients.count == 2)
    }

    @Test func whatIsProtectedOrNotAskedForStays() throws {
        let door = try door()
        let plain = Array("From: alice@example.org\r\nTo: bob@partner.example\r\n\r\nx\r\n".utf8)
        #expect(try door.protect(plain, order(["bob@partner.example"], encrypt: false)) == plain)
        let protected = try door.protect(plain, order(["bob@partner.example"]))
        #expect(try door.protect(protected, order(["bob@partner.example"])) == protected)
        // Even where a recipient has no key.
        #expect(try door.protect(protected, order(["x@partner.example"])) == protected)
    }

    @Test func atRestTheVerdictStays() throws {
        var order = try order(["bob@partner.example"])
        order.isAtRest = true
        let result = String(decoding: try door().protect(Self.mail, order), as: UTF8.self)
        #expect(result.contains("Guardd-Verdict: pass") && result.contains("multipart/encrypted"))
    }

    @Test func signaturesNeedTheOneFromAndAKey() throws {
        let foreign = Array("From: bob@partner.example\r\n\r\nx\r\n".utf8)
        #expect(throws: MessageDoorError.self) {
            try door().protect(foreign, order(["bob@partner.example"], encrypt: false, sign: true))
        }
        let keyless = try door { $0.keys.signing = [:] }
        #expect(throws: MessageDoorError.self) {
            try keyless.protect(Self.mail, order(["bob@partner.example"], encrypt: false, sign: true))
        }
        var own = try order(["bob@partner.example"], encrypt: false, sign: true)
        own.signingKey = try People.alice.get().signingKey(at: People.time)
        let signed = String(decoding: try keyless.protect(Self.mail, own), as: UTF8.self)
        #expect(signed.contains("multipart/signed"))
    }

    @Test func withoutRecipientsTheOrderStillHolds() throws {
        let signed = String(
            decoding: try door().protect(Self.mail, order([], encrypt: false, sign: true)), as: UTF8.self)
        #expect(signed.contains("multipart/signed"))
        #expect(throws: MessageDoorError.missingKeys(["alice@example.org"])) {
            try door().protect(Self.mail, order([]))
        }
    }

    @Test func failuresAreToldApart() throws {
        let order = try order(["bob@partner.example"])
        #expect(throws: MessageDoorError.notAMessage) { try door().protect([], order) }
        #expect(throws: MessageDoorError.notAMessage) { try door().judge([0, 1, 2]) }
        #expect(throws: MessageDoorError.tooLarge) {
            try door { $0.policy.messageSizeLimit = 20 }.protect(Self.mail, order)
        }
        #expect(throws: MessageDoorError.busy) { try door { $0.budget = Budget(limit: 0) }.judge(Self.mail) }
        let broken = try door { $0.keys.isBroken = true }
        do {
            _ = try broken.protect(Self.mail, order)
            Issue.record("a broken key store protects nothing")
        } catch MessageDoorError.failed {}
    }

    @Test func forgedResultsGoAndOursCome() throws {
        let judged = try door().judge(Self.mail)
        #expect(judged.verdict.status == .none)
        let text = String(decoding: judged.message, as: UTF8.self)
        #expect(text.contains("Guardd-Verdict: none;") && !text.contains("Guardd-Verdict: pass"))
        #expect(text.hasPrefix("Authentication-Results: guardd.mx.example.org;\r\n\t"))
        #expect(text.hasSuffix("\r\n\r\nThis is clear text.\r\n"))
    }
}

/// One message, one verdict: what the milter's session writes is what this door writes, octet for octet.
@Suite(.enabled(if: Corpora.isAvailable)) struct OneVerdictTests {
    @Test(arguments: [
        "transport-mangling", "mime-is-broken", "autocrypt", "deltachat", "notmuch",
        "thunderbird-openpgp", "thunderbird-smime", "kde-mimetreeparser",
    ])
    func bothDoorsWriteTheSame(set: String) throws {
        let harness = try Harness()
        harness.budget = Budget(limit: 512 << 20)
        harness.now = Timestamp(1_790_000_000)
        let context = MessageDoorTests.context(harness)
        var compared = 0
        for name in try Corpora.files(under: set) {
            let bytes = try Corpora.bytes(name)
            guard bytes.count < 2 << 20, let (header, body) = try? splitMessage(bytes), !header.isEmpty,
                let judged = try? MessageDoor(context: context).judge(bytes)
            else { continue }
            compared += 1
            #expect(judged.message == (try milter(context, header, body)), "\(name)")
        }
        #expect(compared > 0)
    }

    /// The same mail as Postfix would bring it: fields folded with LF, the body in other pieces.
    private func milter(_ context: SessionContext, _ header: [HeaderField], _ body: [UInt8]) throws -> [UInt8] {
        let session = Session(context: context)
        let smtp = Macros(["{rcpt_mailer}": "local", "{daemon_name}": "mx.example.org"])
        _ = session.connected(host: "client", address: ClientAddress("198.51.100.7"), macros: smtp)
        _ = session.sender(Array("<sender@partner.example>".utf8), arguments: [], macros: smtp)
        _ = session.recipient(Array("<alice@example.org>".utf8), arguments: [], macros: smtp)
        for field in header {
            _ = session.header(name: field.nameBytes, value: field.rawValue.filter { $0 != 0x0D })
        }
        var outcome = Outcome(edits: [], body: nil, reply: .accept)
        var wantsBody = true
        switch session.endOfHeaders(macros: smtp) {
        case .proceed: break
        case .skipBody: wantsBody = false
        default: wantsBody = false
        }
        for start in stride(from: 0, to: wantsBody ? body.count : 0, by: 997) {
            _ = session.body(body[start..<min(body.count, start + 997)].span)
        }
        outcome = session.endOfMessage(macros: smtp)
        #expect(outcome.reply == .accept)
        var edited = EditedHeader(header)
        for edit in outcome.edits { edited.apply(edit) }
        return edited.serialized + [0x0D, 0x0A] + body
    }
}
