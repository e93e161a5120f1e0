import MIME
import MailFlow
import OpenPGP
import ProtectedMail
import Testing

@Suite struct ExplainerTests {
    private func explain(
        _ rules: [Rule], to recipients: [String], login: String? = "alice@example.org",
        _ change: (inout Policy, inout MemoryDirectory) throws -> Void = { _, _ in }
    ) throws -> Explanation {
        let harness = try Harness(rules)
        try change(&harness.policy, &harness.keys)
        var circumstances = Explainer.Circumstances(
            sender: Array("<alice@example.org>".utf8), recipients: recipients.map { Array("<\($0)>".utf8) })
        circumstances.login = login
        let header = [
            HeaderField(name: "From", value: "alice@example.org"),
            HeaderField(name: "To", value: "bob@partner.example"),
        ]
        return try Explainer(policy: harness.policy, keys: harness.keys, now: People.time)
            .explain(circumstances, header: header)
    }

    @Test func namesRuleKeyAndDecision() throws {
        var placed = try rule("partners", .required, .ifKey)
        placed.place = "guardd.toml:7"
        let found = try explain([placed], to: ["bob@partner.example"])
        #expect(found.direction == .outbound && found.rung == .login && found.copies == 1 && found.refusal == nil)
        let bob = try #require(found.recipients.first)
        #expect(bob.rule == "partners" && bob.place == "guardd.toml:7" && bob.isNamed)
        #expect(bob.decision == "encrypt+sign")
        #expect(bob.candidates.count == 1 && bob.candidates[0].isTaken)
        #expect(bob.candidates[0].name == (try People.bob.get()).certificate.fingerprint.hex)
    }

    @Test func saysWhyAKeyIsNotTaken() throws {
        let found = try explain([rule("r", .required)], to: ["bob@partner.example"]) { _, keys in
            keys.encryption = [:]
            keys.add(try People.bob.get(), for: "bob@partner.example", .autocrypt)
        }
        let bob = try #require(found.recipients.first)
        #expect(bob.candidates.map(\.isTaken) == [false])
        #expect(bob.candidates[0].why.contains("proves nothing"))
        #expect(found.refusal?.code == 550 && bob.decision.hasPrefix("550"))
    }

    @Test func showsTheCopies() throws {
        let found = try explain([rule("r", .opportunistic)], to: ["bob@partner.example", "dave@nowhere.example"]) {
            policy, _ in policy.splitting = Splitting()
        }
        #expect(found.copies == 2)
        #expect(found.recipients.map(\.decision) == ["encrypt", "none"])
        #expect(found.recipients.map(\.copy) == [1, 2])
        #expect(found.recipients.map(\.isNamed) == [true, false])
    }

    @Test func saysWhatAMailboxGets() throws {
        let mailbox = try rule("mailbox", .never) { $0.inbound = .decrypt }
        let inbound = try explain([mailbox], to: ["alice@example.org"], login: nil)
        #expect(inbound.recipients.map(\.inbound) == [.decrypt])
        #expect(try explain([mailbox], to: ["alice@example.org"]).recipients.map(\.inbound) == [nil])
    }

    @Test func directionByTheLadder() throws {
        let found = try explain([rule("r", .opportunistic)], to: ["bob@partner.example"], login: nil)
        #expect(found.direction == .inbound && found.rung == .otherwise)
        #expect(found.recipients.first?.decision == "none")
    }
}
