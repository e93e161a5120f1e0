import Libcrypto
import MIME
import OpenPGP
import ProtectedMail
import Testing

@testable import MailFlow

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

    @Test func fieldsAreCountedWithTheMemoryTheyTake() throws {
        var mail = outbound(to: [known])
        mail.header += Array(repeating: ("a", ""), count: 1000)
        #expect(try Harness().send(mail).reply == .accept)
        mail.header += Array(repeating: ("a", ""), count: 20_000)
        #expect(try Harness().send(mail).code == "552 5.3.4")
    }

    @Test func drainingAndAFullBudgetDefer() throws {
        let draining = try Harness()
        draining.isDraining = true
        let passage = draining.send(Mail())
        #expect(passage.code == "451 4.3.2" && passage.stop == .sender)
        let full = try Harness([try rule("r", .required)])
        full.budget = Budget(limit: 100 << 10)
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
