import Libcrypto
import MIME
import OpenPGP
import ProtectedMail
import Testing

@testable import MailFlow

private func rule(
    _ name: String, _ encrypt: Rule.Encrypt, _ sign: Rule.Sign = .never, missing: Rule.MissingKey? = nil,
    withoutLogin: Bool = false, _ change: (inout Rule) throws -> Void = { _ in }
) throws -> Rule {
    var rule = try Rule(name: name, encrypt: encrypt, sign: sign, missingKey: missing, signWithoutLogin: withoutLogin)
    try change(&rule)
    return rule
}

@Suite struct RuleOutcomeTests {
    private let known = "<bob@partner.example>"
    private let unknown = "<nobody@partner.example>"

    private func outbound(to: [String], login: String? = "alice@example.org") -> Mail {
        var mail = Mail()
        mail.login = login
        mail.to = to
        if login == nil { mail.cameBySMTP = false }
        return mail
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let encrypt: Rule.Encrypt
        let sign: Rule.Sign
        let missing: Rule.MissingKey?
        let hasKey: Bool
        let hasSigner: Bool
        /// The refusal, or the plan's label for mail that goes out.
        let expected: String
        var testDescription: String {
            "\(encrypt) \(sign) \(missing.map { "\($0)" } ?? "-") key:\(hasKey) signer:\(hasSigner)"
        }

        init(_ e: Rule.Encrypt, _ s: Rule.Sign, _ m: Rule.MissingKey?, _ key: Bool, _ signer: Bool, _ x: String) {
            encrypt = e
            sign = s
            missing = m
            hasKey = key
            hasSigner = signer
            expected = x
        }
    }

    static let table: [Row] = [
        Row(.never, .never, nil, true, true, "none"), Row(.never, .ifKey, nil, true, true, "sign"),
        Row(.never, .ifKey, nil, true, false, "none"), Row(.never, .required, nil, true, true, "sign"),
        Row(.never, .required, nil, true, false, "550 5.7.1"),
        Row(.opportunistic, .never, nil, true, true, "encrypt"), Row(.opportunistic, .never, nil, false, true, "none"),
        Row(.opportunistic, .ifKey, nil, true, true, "encrypt+sign"),
        Row(.opportunistic, .ifKey, nil, false, true, "sign"),
        Row(.opportunistic, .ifKey, nil, true, false, "encrypt"),
        Row(.opportunistic, .ifKey, nil, false, false, "none"),
        Row(.opportunistic, .required, nil, true, false, "550 5.7.1"),
        Row(.opportunistic, .never, .refuse, false, true, "550 5.7.5"),
        Row(.opportunistic, .never, .defer, false, true, "451 4.7.5"),
        Row(.opportunistic, .never, .sendClear, false, true, "none"),
        Row(.required, .never, nil, true, true, "encrypt"), Row(.required, .never, nil, false, true, "550 5.7.5"),
        Row(.required, .never, .refuse, false, true, "550 5.7.5"),
        Row(.required, .never, .defer, false, true, "451 4.7.5"),
        Row(.required, .ifKey, nil, true, true, "encrypt+sign"), Row(.required, .ifKey, nil, true, false, "encrypt"),
        Row(.required, .required, nil, true, true, "encrypt+sign"),
        Row(.required, .required, nil, true, false, "550 5.7.1"),
    ]

    @Test(arguments: table) func everyOutcome(_ row: Row) throws {
        let harness = try Harness([try rule("the rule", row.encrypt, row.sign, missing: row.missing)])
        if !row.hasSigner { harness.keys.signing = [:] }
        let passage = harness.send(outbound(to: [row.hasKey ? known : unknown]))
        if row.expected.first?.isNumber == true {
            #expect(passage.code == row.expected)
            #expect(passage.text.contains("'the rule'"))
            if row.expected.hasSuffix("7.5") { #expect(passage.text.contains("nobody@partner.example")) }
            #expect(passage.outcome?.body == nil && passage.edits.isEmpty)
        } else {
            #expect(passage.reply == .accept)
            #expect(passage.record?.plan == row.expected)
            #expect(passage.body?.contains("BEGIN PGP MESSAGE") ?? false == row.expected.contains("encrypt"))
            #expect(passage.body?.contains("clear text") ?? false == (row.expected == "sign"))
        }
    }

    @Test func sendClearNeverGoesWithRequired() {
        #expect(throws: MailFlowError(.rule, "")) { try Rule(name: "x", encrypt: .required, missingKey: .sendClear) }
    }

    @Test(arguments: [1, 7, 64, 4096]) func encryptedMailOpensToTheOriginal(_ piece: Int) throws {
        let harness = try Harness([try rule("r", .required, .required)])
        var mail = outbound(to: [known])
        mail.piece = piece
        let passage = harness.send(mail)
        let result = try Harness.decrypt(
            try #require(passage.body), with: try People.bob.get(), signer: try People.alice.get())
        #expect(result.content == "Content-Type: text/html\r\n\r\nHello, this is clear text.\r\n")
        #expect(result.good == 1)
        #expect(passage.edits.contains(.remove(name: "Content-Type", occurrence: 1)))
        #expect(passage.record?.result == .protected)
        #expect(passage.record?.keyIDs.count == 2)
        #expect(passage.record?.bytes == mail.body.utf8.count)
    }

    @Test func nothingToDoEndsWithTheHeaders() throws {
        let passage = try Harness().send(outbound(to: [unknown]))
        #expect(passage.reply == .accept && passage.stop == .headers)
        #expect(passage.record?.result == .passed)
    }

    @Test func editsWithoutBodySkipIt() throws {
        var mail = outbound(to: [unknown])
        mail.header.append(("Authentication-Results", " (x) GUARDD.\"\"mx.example.org; pgp=pass"))
        mail.header.append(("Authentication-Results", " \"guardd.mx.example.org\"; pgp=pass"))
        mail.header.append(("Authentication-Results", " other.example; dkim=pass"))
        mail.header.append(("Guardd-Anything", " x"))
        let passage = try Harness().send(mail)
        #expect(!passage.wantedBody && passage.reply == .accept && passage.outcome?.body == nil)
        #expect(
            passage.edits == [
                .remove(name: "Guardd-Anything", occurrence: 1), .remove(name: "Authentication-Results", occurrence: 2),
                .remove(name: "Authentication-Results", occurrence: 1),
            ])
    }

    @Test func someKeysUnderOpportunisticGoInClearToAll() throws {
        let passage = try Harness([try rule("r", .opportunistic)]).send(outbound(to: [known, unknown]))
        #expect(passage.reply == .accept && passage.body == nil)
        #expect(passage.record?.result == .clear)
        #expect(passage.record?.reasons.contains { $0.contains("no key for 1 of 2") } == true)
    }

    @Test func requiredForOneStopsTheOtherWithoutKey() throws {
        let harness = try Harness([
            try rule("strict", .required) { $0.recipient = [try AddressPattern("bob@partner.example")] },
            try rule("rest", .opportunistic),
        ])
        let passage = harness.send(outbound(to: [known, unknown]))
        #expect(passage.code == "550 5.7.5")
        #expect(passage.text.contains("nobody@partner.example") && passage.text.contains("'strict'"))
    }

    @Test func neverForOneStopsRequiredForAnother() throws {
        let harness = try Harness([
            try rule("strict", .required) { $0.recipient = [try AddressPattern("bob@partner.example")] },
            try rule("rest", .never),
        ])
        #expect(harness.send(outbound(to: [known, unknown])).code == "550 5.7.5")
    }

    @Test func firstMatchWinsPerRecipient() throws {
        let harness = try Harness([
            try rule("never", .never) { $0.recipient = [try AddressPattern("@free.example")] },
            try rule("all", .required),
        ])
        #expect(harness.send(outbound(to: ["<x@free.example>"])).reply == .accept)
        #expect(harness.send(outbound(to: ["<x@sub.free.example>"])).code == "550 5.7.5")
    }

    @Test func onlyTrustedSourcesServeRequired() throws {
        for provenance in Provenance.allCases {
            let required = try Harness([try rule("r", .required)])
            required.keys.add(try People.carol.get(), for: "carol@partner.example", provenance)
            let mail = outbound(to: ["<carol@partner.example>"])
            #expect((required.send(mail).record?.result == .protected) == provenance.bindsAddress)
            let opportunistic = try Harness([try rule("r", .opportunistic)])
            opportunistic.keys = required.keys
            #expect((opportunistic.send(mail).record?.result == .protected) == (provenance != .message))
        }
    }

    @Test func blindCopiesStayNameless() throws {
        let harness = try Harness([try rule("r", .required)])
        harness.keys.add(try People.carol.get(), for: "carol@partner.example")
        let passage = harness.send(outbound(to: [known, "<carol@partner.example>"]))
        let result = try Harness.decrypt(try #require(passage.body), with: try People.carol.get())
        #expect(result.recipients.filter { $0 == .wildcard }.count == 1)
        #expect(result.recipients.count == 2)
    }

    @Test func unqualifiedRecipientsAreNobodyWithAKey() throws {
        let passage = try Harness([try rule("r", .required)]).send(outbound(to: ["<bob>"]))
        #expect(passage.code == "550 5.7.5")
        // A rule that cannot be told to match counts when it protects.
        let harness = try Harness([
            try rule("strict", .required) { $0.recipient = [try AddressPattern("@partner.example")] }
        ])
        #expect(harness.send(outbound(to: ["<bob>"])).code == "550 5.7.5")
    }

    // MARK: - Conditions

    @Test func conditions() throws {
        func isTaken(_ change: (inout Rule) throws -> Void, _ edit: (inout Mail) -> Void = { _ in }) throws -> Bool {
            let harness = try Harness([try rule("r", .required, .never, change)])
            var mail = outbound(to: [unknown])
            edit(&mail)
            return harness.send(mail).code != nil
        }
        let at = try AddressPattern("@example.org")
        let elsewhere = try AddressPattern("@else.example")
        #expect(try isTaken { $0.sender = [at] })
        #expect(try !isTaken { $0.sender = [elsewhere] })
        #expect(try !isTaken({ $0.sender = [at] }) { $0.from = "<>" })
        #expect(try isTaken({ $0.sender = [.null] }) { $0.from = "<>" })
        #expect(try isTaken { $0.fromHeader = [at] })
        #expect(try !isTaken { $0.fromHeader = [elsewhere] })
        #expect(try isTaken({ $0.fromHeader = [elsewhere] }) { $0.header.append(("From", " x@else.example")) })
        #expect(try isTaken { $0.nullSender = false })
        #expect(try isTaken({ $0.nullSender = true }) { $0.from = "<>" })
        #expect(try !isTaken { $0.nullSender = true })
        #expect(try isTaken({ $0.autoSubmitted = true }) { $0.header.append(("Auto-Submitted", " auto-replied; x=y")) })
        #expect(try !isTaken({ $0.autoSubmitted = true }) { $0.header.append(("Auto-Submitted", " No")) })
        #expect(try isTaken({ $0.list = true }) { $0.header.append(("List-Id", " <a.example>")) })
        #expect(try !isTaken { $0.list = true })
        #expect(try isTaken { $0.contentType = ["text/*"] })
        #expect(try !isTaken { $0.contentType = ["text/calendar"] })
        #expect(try isTaken { $0.header = [try HeaderCondition("subject: HEL*")] })
        #expect(try !isTaken { $0.header = [try HeaderCondition("subject: HEL*x")] })
        #expect(try !isTaken { $0.header = [try HeaderCondition("Subject"), try HeaderCondition("X-No")] })
    }

    // MARK: - Lost macros

    @Test func requiredHoldsForInboundLookingMail() throws {
        let harness = try Harness([try rule("r", .required)])
        var mail = Mail()
        mail.to = [unknown]
        #expect(harness.send(mail).code == "550 5.7.5")
        mail.to = [known]
        let passage = harness.send(mail)
        #expect(passage.record?.direction == .inbound && passage.record?.result == .protected)
        mail.to = ["<alice@example.org>"]
        #expect(harness.send(mail).record?.plan == "inspect")
        mail.to = ["<alice@example.org>", unknown]
        #expect(harness.send(mail).code == "550 5.7.5")
    }

    @Test func opportunisticIsForOutboundOnly() throws {
        let passage = try Harness([try rule("r", .opportunistic)]).send(Mail())
        #expect(passage.record?.plan == "inspect" && passage.body == nil)
    }

    // MARK: - Whose signature

    @Test func aLoginSignsAsItself() throws {
        for (sign, expected) in [(Rule.Sign.ifKey, nil), (.required, "550 5.7.1")] {
            let harness = try Harness([try rule("r", .never, sign)])
            let other = harness.send(outbound(to: [known], login: "bob@example.org"))
            #expect(other.code == expected)
            #expect(other.body == nil)
            if expected == nil { #expect(other.record?.reasons.contains { $0.contains("may not sign as") } == true) }
            #expect(harness.send(outbound(to: [known])).record?.plan == "sign")
            harness.policy.signAs = SignAs(["bob@example.org": [try AddressPattern("alice@example.org")]])
            #expect(harness.send(outbound(to: [known], login: "bob@example.org")).record?.plan == "sign")
            #expect(harness.send(outbound(to: [known], login: "carol")).code == expected)
        }
    }

    @Test func withoutLoginOnlyByExplicitRule() throws {
        let network = try Network("198.51.100.0/24")
        for explicit in [false, true] {
            let harness = try Harness([try rule("r", .never, .ifKey, withoutLogin: explicit)])
            harness.policy.ladder.trustedNetworks = [network]
            let passage = harness.send(Mail())
            #expect(passage.record?.rung == .trustedNetwork)
            #expect(passage.record?.plan == (explicit ? "sign" : "none"))
        }
        let harness = try Harness([try rule("r", .never, .required)])
        harness.policy.ladder.trustedNetworks = [network]
        #expect(harness.send(Mail()).code == "550 5.7.1")
    }

    @Test func localMailIsSignedOnlyWhenItIsLocal() throws {
        let harness = try Harness([try rule("r", .never, .ifKey, withoutLogin: true)])
        var mail = outbound(to: [known], login: nil)
        #expect(harness.send(mail).record?.plan == "none")
        mail.client = "127.0.0.1"
        let passage = harness.send(mail)
        #expect(passage.record?.rung == .local && passage.record?.plan == "sign")
    }

    @Test func ambiguousFromIsNobodysSignature() throws {
        let harness = try Harness([try rule("r", .never, .required)])
        var mail = outbound(to: [known])
        mail.header.append(("From", " bob@example.org"))
        #expect(harness.send(mail).code == "550 5.7.1")
    }

    @Test func signedMailIsNotSignedAgain() throws {
        let harness = try Harness([try rule("r", .never, .ifKey)])
        var mail = outbound(to: [known])
        mail.header[3] = ("Content-Type", " multipart/signed; boundary=x; protocol=\"application/pgp-signature\"")
        let passage = harness.send(mail)
        #expect(passage.reply == .accept && passage.stop == .headers && passage.body == nil)
    }

    // MARK: - Failures

    @Test func aBrokenStoreDefersWhatMightBeProtected() throws {
        for encrypt in [Rule.Encrypt.opportunistic, .required] {
            let harness = try Harness([try rule("r", encrypt)])
            harness.keys.isBroken = true
            #expect(harness.send(outbound(to: [known])).code == "451 4.3.0")
        }
        let harness = try Harness([try rule("r", .never, .ifKey)])
        harness.keys.isBroken = true
        #expect(harness.send(outbound(to: [known])).code == "451 4.3.0")
    }

    @Test func aResultOverTheLimitIsRefused() throws {
        let harness = try Harness([try rule("r", .required)])
        harness.policy.messageSizeLimit = 4000
        var mail = outbound(to: [known])
        #expect(harness.send(mail).reply == .accept)
        mail.body = String(repeating: "x", count: 3000)
        #expect(harness.send(mail).code == "552 5.3.4")
    }

    @Test func drainingAndAFullBudgetDefer() throws {
        let draining = try Harness()
        draining.isDraining = true
        let passage = draining.send(Mail())
        #expect(passage.code == "451 4.3.2" && passage.stop == .sender)
        let full = try Harness([try rule("r", .required)])
        full.budget = Budget(limit: 1 << 20)
        #expect(full.send(outbound(to: [known])).code == "451 4.3.1")
    }

    @Test func repliesCannotBeForgedByAddresses() throws {
        let harness = try Harness([try rule("r", .required)])
        let passage = harness.send(outbound(to: ["<a\r\n250 2.0.0 ok@partner.example>"]))
        #expect(passage.code == "550 5.7.5")
        #expect(passage.text.utf8.allSatisfy { (0x20...0x7E).contains($0) })
    }

    @Test func ownDKIMSignaturesGoWithTheBody() throws {
        let harness = try Harness([try rule("r", .opportunistic)])
        var mail = outbound(to: [known])
        mail.header.append(("DKIM-Signature", " v=1; d=example.org; s=a"))
        mail.header.append(("DKIM-Signature", " v=1; d=other.example; s=a"))
        let removal = HeaderEdit.remove(name: "DKIM-Signature", occurrence: 1)
        let passage = harness.send(mail)
        #expect(passage.edits.contains(removal))
        #expect(!passage.edits.contains(.remove(name: "DKIM-Signature", occurrence: 2)))
        harness.policy.removesOwnDKIM = false
        #expect(!harness.send(mail).edits.contains(removal))
        mail.to = [unknown]
        harness.policy.removesOwnDKIM = true
        #expect(harness.send(mail).edits.isEmpty)
    }
}

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
        #expect(passage.result == " guardd.mx.example.org;\n\tpgp=none")
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
        guard case .insert(0, "Authentication-Results", _) = passage.edits.last else {
            Issue.record("our result comes last, at index 0")
            return
        }
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

@Suite struct SessionOrderTests {
    @Test func oneConnectionCarriesManyMessages() throws {
        let records = Lock<[MessageRecord]>([])
        let policy = Policy(authservID: "g.example")
        let session = Session(
            context: SessionContext(
                policy: policy, keys: MemoryDirectory(), now: { People.time },
                log: { record in records.withLock { $0.append(record) } }))
        _ = session.connected(host: "h", address: nil, macros: Macros())
        _ = session.sender(Array("<a@b.example>".utf8), arguments: [], macros: Macros(["{auth_authen}": "a@b.example"]))
        session.aborted()
        _ = session.sender(Array("<a@b.example>".utf8), arguments: [], macros: Macros())
        _ = session.recipient(Array("<c@d.example>".utf8), arguments: [], macros: Macros(["rcpt_mailer": "smtp"]))
        _ = session.endOfHeaders(macros: Macros())
        _ = session.endOfMessage(macros: Macros())
        session.closed()
        let found = records.withLock { $0 }
        #expect(found.map(\.result) == [.aborted, .inspected])
        // The login of the first message is not that of the second.
        #expect(found.last?.rung == .otherwise)
    }

    @Test func withoutAMessageNothingIsAccepted() throws {
        let session = Session(
            context: SessionContext(
                policy: Policy(authservID: "g"), keys: MemoryDirectory(), now: { People.time }, log: { _ in }))
        guard case .tempfail = session.endOfMessage(macros: Macros()).reply else {
            Issue.record("an end without a beginning must be deferred")
            return
        }
    }
}
