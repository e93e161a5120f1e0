import MIME
import OpenPGP
import ProtectedMail
import Testing

@testable import MailFlow

/// Who signs where users left their keys open.
struct AttachedKeyTests {
    private static let own = Result {
        try SecretCertificate.generate(userIDs: ["Alice <alice@example.org>"], at: Timestamp(1_600_000_000))
    }

    private static func harness(gateway: Bool, _ rule: Rule.Sign = .ifKey) throws -> Harness {
        let harness = try Harness([try MailFlowTests.rule("r", .never, rule, withoutLogin: true)])
        if !gateway { harness.keys.signing = [:] }
        harness.keys.attached[try #require(EmailAddress("alice@example.org"))] = try own.get()
        return harness
    }

    private static func mail(login: String?, from: String = "alice@example.org") -> Mail {
        var mail = Mail(login: login)
        if login?.isEmpty ?? true { mail.daemon = "ORIGINATING" }
        mail.header[0] = ("From", " <\(from)>")
        return mail
    }

    private static func keyID(_ certificate: Result<SecretCertificate, any Error>) throws -> String {
        try #require(
            try certificate.get().certificate.verificationKeys(at: People.time).first?.keyID.hex)
    }

    @Test func theUsersOwnKeyComesFirst() throws {
        let passage = try Self.harness(gateway: true).send(Self.mail(login: "alice@example.org"))
        #expect(passage.record?.keyIDs == [try Self.keyID(Self.own)])
        #expect(passage.body?.contains("BEGIN PGP SIGNATURE") == true)
        let alone = try Self.harness(gateway: false).send(Self.mail(login: "alice@example.org"))
        #expect(alone.record?.keyIDs == [try Self.keyID(Self.own)])
        let required = try Self.harness(gateway: false, .required).send(Self.mail(login: "alice@example.org"))
        #expect(required.record?.keyIDs == [try Self.keyID(Self.own)])
    }

    /// Another login, none, or one that is not written as the address: the gateway's key, or none.
    @Test(arguments: ["bob@example.org", nil, "alice", "Alice@example.org", ""] as [String?])
    func nobodyElseUsesIt(_ login: String?) throws {
        let alone = try Self.harness(gateway: false)
        let alice = [try AddressPattern("alice@example.org")]
        alone.policy.signAs = SignAs(["bob@example.org": alice, "alice": alice])
        #expect(alone.send(Self.mail(login: login)).record?.keyIDs == [])
        let gateway = try Self.harness(gateway: true)
        gateway.policy.signAs = alone.policy.signAs
        let allowed = login != "Alice@example.org"
        #expect(
            gateway.send(Self.mail(login: login)).record?.keyIDs == (allowed ? [try Self.keyID(People.alice)] : []))
    }

    @Test func otherAddressesOfTheLoginDoNotGetIt() throws {
        let harness = try Self.harness(gateway: true)
        harness.policy.signAs = SignAs(["alice@example.org": [try AddressPattern("team@example.org")]])
        #expect(harness.send(Self.mail(login: "alice@example.org", from: "team@example.org")).record?.keyIDs == [])
    }

    @Test func withoutARuleNothingIsSigned() throws {
        let passage = try Self.harness(gateway: true, .never).send(Self.mail(login: "alice@example.org"))
        #expect(passage.record?.keyIDs == [] && passage.body == nil)
    }
}
