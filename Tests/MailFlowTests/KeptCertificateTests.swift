import CMS
import MIME
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

@testable import MailFlow

/// A directory in which one user keeps a certificate.
private struct Keeping: KeyDirectory {
    var user: EmailAddress
    var kept: [SMIMERecipient]
    var known: [SMIMERecipient] = []

    func encryptionCertificates(for address: EmailAddress, at time: Timestamp) throws -> [KnownCertificate] { [] }
    func signingKey(for address: EmailAddress, at time: Timestamp) throws -> SigningKey? { nil }
    func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate] { [] }
    func smimeRecipients(for address: EmailAddress, at time: Timestamp) throws -> [SMIMERecipient] { known }
    func smimeRecipients(
        keptBy user: EmailAddress, for address: EmailAddress, at time: Timestamp
    ) throws -> [SMIMERecipient] { user == self.user ? kept : [] }
}

@Suite struct KeptCertificateTests {
    private func planner(_ keys: Keeping, login: String?, localDomains: Set<String> = []) -> Planner {
        var policy = Policy(authservID: "x")
        policy.localDomains = localDomains
        return Planner(
            policy: policy, keys: keys, now: People.time, facts: MessageFacts(sender: .null, header: []),
            direction: .outbound, login: login, isOriginKnown: true)
    }

    @Test func uploadedCertificatesCountForTheirOwnerOnly() throws {
        let authority = try OpenSSLAuthority()
        func recipient() throws -> SMIMERecipient {
            SMIMERecipient(
                certificate: try X509Certificate(pem: authority.issue("bob@partner.example", .p256).certificate))
        }
        let alice = try #require(EmailAddress("alice@example.org"))
        let bob = try #require(EmailAddress("bob@partner.example"))
        var keys = Keeping(user: alice, kept: [try recipient()])
        #expect(try planner(keys, login: "alice@example.org").smimeRecipients(for: bob).count == 1)
        for login in ["carol@example.org", "alice", "", nil] {
            #expect(try planner(keys, login: login).smimeRecipients(for: bob).isEmpty)
        }
        keys.known = [try recipient()]
        let kept = try #require(keys.kept.first).certificate
        let foreign = try planner(keys, login: "alice@example.org").smimeRecipients(for: bob)
        #expect(foreign.map { $0.certificate == kept } == [true, false])
        let local = try planner(keys, login: "alice@example.org", localDomains: ["partner.example"])
            .smimeRecipients(for: bob)
        #expect(local.map { $0.certificate == kept } == [false, true])
    }
}
