import Libcrypto
import MIME
import OpenPGP
import ProtectedMail
import Testing

@testable import MailFlow

@Suite struct AlreadyProtectedTests {
    /// A mail that its sender encrypted: what guardd itself makes, taken as the sender's.
    private func protected() throws -> Mail {
        let harness = try Harness([try rule("r", .required)])
        harness.markerKey = nil
        var mail = Mail()
        mail.login = "alice@example.org"
        let passage = harness.send(mail)
        mail.body = try #require(passage.body)
        let type = passage.edits.compactMap { edit -> String? in
            if case .append("Content-Type", let value) = edit { value } else { nil }
        }.first
        mail.header[3] = ("Content-Type", try #require(type))
        mail.piece = 100
        return mail
    }

    @Test func trulyEncryptedMailIsLeftAlone() throws {
        let mail = try protected()
        for recipient in ["<bob@partner.example>", "<nobody@partner.example>"] {
            var mail = mail
            mail.to = [recipient]
            let passage = try Harness([try rule("r", .required)]).send(mail)
            #expect(passage.reply == .accept && passage.body == nil)
            #expect(passage.record?.result == .alreadyProtected)
        }
    }

    @Test func whatOnlySaysSoIsProtectedOrRefused() throws {
        let genuine = try protected()
        let fakes = [
            genuine.body.replacing("-----BEGIN PGP MESSAGE-----", with: "clear text\r\n-----BEGIN PGP MESSAGE-----"),
            String(genuine.body.prefix(genuine.body.count / 2)), "nothing of the kind",
        ]
        for body in fakes {
            var mail = genuine
            mail.body = body
            let passage = try Harness([try rule("r", .required)]).send(mail)
            #expect(passage.record?.result == .protected)
            mail.to = ["<nobody@partner.example>"]
            #expect(try Harness([try rule("r", .required)]).send(mail).code == "550 5.7.5")
        }
    }
}

@Suite struct ReinjectionTests {
    private func harness() throws -> Harness {
        let harness = try Harness([try rule("r", .required, .ifKey)])
        harness.policy.reinjectionPeers = [try Network("127.0.0.1")]
        return harness
    }

    /// What the content filter hands back: our output of a signed-only or encrypted mail with its marker.
    private func output(_ harness: Harness) throws -> (mail: Mail, marker: String) {
        var mail = Mail()
        mail.login = "alice@example.org"
        let passage = harness.send(mail)
        let marker = passage.edits.compactMap { edit -> String? in
            if case .insert(0, "Guardd-Marker", let value) = edit { value } else { nil }
        }.first
        mail.login = nil
        mail.client = "127.0.0.1"
        mail.body = try #require(passage.body)
        mail.piece = 1000
        mail.header[3] = ("Content-Type", " application/octet-stream")
        return (mail, try #require(marker))
    }

    @Test func ourOwnOutputPassesOnceFromAPeer() throws {
        let harness = try harness()
        var (mail, marker) = try output(harness)
        mail.header.insert(("Guardd-Marker", marker), at: 0)
        let passage = harness.send(mail)
        #expect(passage.record?.result == .marked && passage.body == nil)
        #expect(passage.edits == [.remove(name: "Guardd-Marker", occurrence: 1)])
        mail.client = "198.51.100.7"
        let elsewhere = harness.send(mail)
        #expect(elsewhere.record?.result == .protected)
        #expect(elsewhere.edits.contains(.remove(name: "Guardd-Marker", occurrence: 1)))
        #expect(elsewhere.record?.reasons.contains { $0.contains("marker") } == true)
    }

    @Test func aPastedMarkerDoesNotLetClearTextPass() throws {
        let harness = try harness()
        var (mail, marker) = try output(harness)
        mail.header.insert(("Guardd-Marker", marker), at: 0)
        mail.body = "clear text"
        for recipient in ["<bob@partner.example>", "<nobody@partner.example>"] {
            mail.to = [recipient]
            let passage = harness.send(mail)
            #expect(passage.record?.result == (recipient.contains("bob") ? .protected : .rejected))
            #expect(passage.record?.reasons.contains { $0.contains("marker") } == true)
        }
    }

    @Test func aMarkerEnds() throws {
        let harness = try harness()
        var (mail, marker) = try output(harness)
        mail.header.insert(("Guardd-Marker", marker), at: 0)
        harness.now = harness.now.adding(seconds: harness.policy.markerLifetime + 1)
        #expect(harness.send(mail).record?.result != .marked)
    }

    @Test func withoutPeersNoneIsWritten() throws {
        let harness = try harness()
        harness.policy.reinjectionPeers = []
        var mail = Mail()
        mail.login = "alice@example.org"
        let passage = harness.send(mail)
        #expect(!passage.edits.contains { if case .insert(_, "Guardd-Marker", _) = $0 { true } else { false } })
    }
}

@Suite struct InboundTests {
    /// Signed by alice, as it arrives from outside.
    private func signedMail() throws -> Mail {
        let harness = try Harness([try rule("r", .never, .required)])
        var mail = Mail()
        mail.login = "alice@example.org"
        let passage = harness.send(mail)
        mail.login = nil
        mail.body = try #require(passage.body)
        let type = passage.edits.compactMap { edit -> String? in
            if case .append("Content-Type", let value) = edit { value } else { nil }
        }.first
        mail.header[3] = ("Content-Type", try #require(type))
        mail.header.append(("MIME-Version", " 1.0"))
        mail.to = ["<someone@example.org>"]
        mail.piece = 13
        return mail
    }

    private func receive(_ mail: Mail, _ provenance: Provenance? = .adminImport, _ change: (Harness) -> Void = { _ in })
        throws -> Passage
    {
        let harness = try Harness()
        if let provenance { harness.keys.add(try People.alice.get(), for: "alice@example.org", provenance) }
        change(harness)
        return harness.send(mail)
    }

    @Test func aGoodSignatureOfTheSenderPasses() throws {
        let passage = try receive(try signedMail())
        let fingerprint = try People.alice.get().fingerprint.hex
        #expect(
            passage.result == " guardd.mx.example.org;\n\tpgp=pass\n\tbody.pgp-fingerprint=\(fingerprint)\n"
                + "\tbody.pgp-user-id=\"Alice <alice@example.org>\"")
        #expect(passage.record?.verdict == "pass" && passage.record?.result == .inspected)
        #expect(passage.body == nil)
    }

    @Test func anythingElseDoesNot() throws {
        var tampered = try signedMail()
        tampered.body = tampered.body.replacing("clear text", with: "other text")
        #expect(try receive(tampered).result?.contains("pgp=fail") == true)
        #expect(
            try receive(try signedMail(), .autocrypt).result?.contains("pgp=policy\n\treason=\"untrusted-key:") == true)
        #expect(try receive(try signedMail(), nil).result?.contains("pgp=pass") == false)
        var other = try signedMail()
        other.header[0] = ("From", " Mallory <mallory@example.org>")
        #expect(try receive(other).result?.contains("pgp=policy\n\treason=\"signer-mismatch:") == true)
    }

    @Test func unsignedMailIsMarkedAsSuchOrNot() throws {
        var mail = Mail()
        mail.to = ["<someone@example.org>"]
        mail.header[3] = ("Content-Type", " application/octet-stream")
        let passage = try receive(mail)
        #expect(passage.result == " guardd.mx.example.org;\n\tpgp=none;\n\tsmime=none")
        let silent = try receive(mail) { $0.policy.annotatesUnsigned = false }
        #expect(silent.reply == .accept && silent.edits.isEmpty)
    }

    @Test func forgedResultsAreReplacedByOurs() throws {
        var mail = try signedMail()
        mail.body = mail.body.replacing("clear text", with: "other text")
        mail.header.insert(("Authentication-Results", " (a)\n\tGuardd.MX.example.org;\n\tpgp=pass"), at: 0)
        let passage = try receive(mail)
        #expect(passage.edits.first == .remove(name: "Authentication-Results", occurrence: 1))
        #expect(passage.result?.contains("pgp=fail") == true)
        guard case .insert(0, "Authentication-Results", _) = passage.edits.last, passage.edits.count == 3 else {
            Issue.record("our result comes last, at index 0")
            return
        }
    }

    @Test func theWholeVerdictIsWrittenAndForgedOnesGo() throws {
        var mail = try signedMail()
        mail.body = mail.body.replacing("clear text", with: "other text")
        mail.header.insert(("GUARDD-verdict", " pass; protocol=openpgp; encrypted=no; reason=none"), at: 0)
        mail.header.append(("Guardd-Verdict", " pass; protocol=smime; encrypted=no; reason=none"))
        let passage = try receive(mail)
        let removals: [HeaderEdit] = [
            .remove(name: "Guardd-Verdict", occurrence: 2), .remove(name: "GUARDD-verdict", occurrence: 1),
        ]
        #expect(Array(passage.edits.prefix(2)) == removals)
        let values = passage.edits.compactMap { edit in
            if case .insert(0, VerdictField.name, let value) = edit { value } else { nil }
        }
        #expect(values.count == 1)
        #expect(values.first?.hasPrefix(" fail; protocol=openpgp; encrypted=no; reason=bad-signature;") == true)
        #expect(values.first?.contains("signature=fail; protocol=openpgp; signer=alice@example.org; trust=") == true)
    }

    @Test func aBrokenStoreDefersSignedMail() throws {
        #expect(try receive(try signedMail()) { $0.keys.isBroken = true }.code == "451 4.3.0")
    }

    @Test func tooLargeIsNeitherNoneNorPass() throws {
        var mail = try signedMail()
        mail.body = mail.body.replacing("clear text", with: String(repeating: "clear text\r\n", count: 9000))
        let passage = try receive(mail) { $0.policy.maxInspectSize = 64 << 10 }
        let result = try #require(passage.result)
        #expect(!result.contains("pgp=pass") && !result.contains("pgp=none"))
    }

    @Test func userIDsCannotForgeFields() {
        var verdict = Verdict(
            status: .policy, protocol: .openpgp, reasons: [Reason(.signerMismatch, "a\"b\\c\r\nX: y")])
        verdict.signatures = [SignatureVerdict(status: .policy, userID: "x\"; pgp=pass\r\nBcc: z")]
        let value = ResultField.value(authservID: "g", verdict: verdict)
        #expect(
            value == " g;\n\tpgp=policy\n\treason=\"signer-mismatch: a\\\"b\\\\c?X: y\""
                || value == " g;\n\tpgp=policy\n\treason=\"signer-mismatch: a\\\"b\\\\c??X: y\"")
    }
}

/// Mail that guardd has written and the mail server hands in.
@Suite struct OwnMailTests {
    private static let text = "Your new password: abc\r\n"

    /// The mail as it comes back, its marker among the fields.
    private func ownMail(_ harness: Harness) throws -> Mail {
        let key = try #require(harness.markerKey)
        let message = try OwnMail.marked(
            Array("Subject: x\r\n\r\n\(Self.text)".utf8), for: [try #require(EmailAddress("bob@partner.example"))],
            key: key,
            at: harness.now)
        let written = String(decoding: message, as: UTF8.self)
        let value = try #require(written.firstRange(of: "Subject: x")).lowerBound
        var mail = Mail()
        mail.client = "127.0.0.1"
        mail.body = Self.text
        let field = written[..<value].dropFirst("Guardd-Marker:".count).replacing("\r\n", with: "\n").dropLast()
        mail.header.insert(("Guardd-Marker", String(field)), at: 0)
        return mail
    }

    @Test(arguments: ["", "alice@example.org"])
    func passesWhateverTheRulesSay(_ login: String) throws {
        let harness = try Harness([try rule("r", .required, .required)])
        harness.policy.ladder.trustedNetworks = [try Network("127.0.0.1")]
        harness.keys.encryption = [:]
        var mail = try ownMail(harness)
        mail.login = login
        let passage = harness.send(mail)
        #expect(passage.record?.result == .marked && passage.reply == .accept && passage.body == nil)
        #expect(passage.edits == [.remove(name: "Guardd-Marker", occurrence: 1)])
    }

    @Test func countsForNothingElse() throws {
        let harness = try Harness([try rule("r", .required, .required)])
        harness.policy.ladder.trustedNetworks = [try Network("127.0.0.1"), try Network("198.51.100.7")]
        harness.keys.encryption = [:]
        let mail = try ownMail(harness)
        var other = mail
        other.body = "clear text"
        var elsewhere = mail
        elsewhere.client = "198.51.100.7"
        var somebody = mail
        somebody.to = ["<carol@partner.example>"]
        // A body that looks protected must not help either: the rule wants a signature.
        var dressed = mail
        dressed.body = "-----BEGIN PGP MESSAGE-----\r\n"
        for mail in [other, elsewhere, somebody, dressed] {
            #expect(harness.send(mail).record?.result == .rejected)
        }
        harness.now = harness.now.adding(seconds: 3601)
        #expect(harness.send(mail).record?.result == .rejected)
    }

    @Test func needsABodyAndARecipient() throws {
        let key = SecretBytes(copying: [UInt8](repeating: 9, count: 32))
        let bob = try #require(EmailAddress("bob@partner.example"))
        #expect(throws: MailFlowError(.ownMail, "")) {
            try OwnMail.marked(Array("Subject: x\r\n".utf8), for: [bob], key: key, at: People.time)
        }
        #expect(throws: MailFlowError(.ownMail, "")) {
            try OwnMail.marked(Array("Subject: x\r\n\r\n".utf8), for: [], key: key, at: People.time)
        }
    }
}
