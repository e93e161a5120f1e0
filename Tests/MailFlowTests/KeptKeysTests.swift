import Libcrypto
import MIME
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

@testable import KeyStore
@testable import MailFlow

/// Keys of others that one of our users keeps, in that user's mail and in nobody else's.
struct KeptKeysTests {
    private static let now = Timestamp(1_700_000_000)

    private struct Setup {
        let folder: TemporaryDirectory
        let store: KeyStore
        let carol: SecretCertificate

        init() throws {
            folder = try TemporaryDirectory("kept")
            store = try KeyStore(path: folder.file("store"), master: .random())
            carol = try People.carol.get()
        }

        func keep(_ source: ExternalRing.Source, verified: Bool, shared: Bool = false, by user: String) throws {
            let account = try store.openAccount(for: try #require(EmailAddress(user)))
            try store.changeAccount(account.id, audit: nil) { connection in
                try store.addExternalRing(
                    carol.certificate, account: account, source, isVerified: verified, seen: 0, in: connection)
                guard shared else { return }
                var ring = try #require(
                    try store.externalRing(carol.fingerprint, of: account.id, source, in: connection))
                ring.isShared = true
                try store.setFlags(ring, in: connection)
            }
        }

        /// Whether mail of a user to Carol can be encrypted under a rule.
        func encrypts(_ encrypt: Rule.Encrypt, login: String?) throws -> Bool {
            let keys = StoreKeys(store, policy: .standard, trust: nil)
            let address = try #require(EmailAddress("carol@partner.example"))
            let planner = Planner(
                policy: Policy(authservID: "g.example"), keys: keys, now: KeptKeysTests.now,
                facts: MessageFacts(sender: .null, header: []), direction: .outbound, login: login,
                isOriginKnown: true)
            let concern = (Envelope.Recipient(address), try rule("r", encrypt))
            return try planner.recipient(for: concern, isHidden: false) != nil
        }

        /// What a reader believes of Carol's certificate.
        func believed(by reader: String) throws -> Provenance? {
            let keys = ReaderKeys(
                base: StoreKeys(store, policy: .standard, trust: nil), reader: try #require(EmailAddress(reader)))
            return try keys.certificates(for: [.fingerprint(carol.fingerprint)]).first?.provenance
        }
    }

    @Test func uploadedKeysCountForTheirKeeper() throws {
        let setup = try Setup()
        #expect(try !setup.encrypts(.opportunistic, login: "alice@example.org"))
        try setup.keep(.uploaded, verified: true, by: "alice@example.org")
        #expect(try setup.encrypts(.required, login: "alice@example.org"))
        #expect(try setup.believed(by: "alice@example.org") == .userVerified)
        for other in ["bob@example.org", "eve@example.net", nil] {
            #expect(try !setup.encrypts(.opportunistic, login: other))
        }
        #expect(try setup.believed(by: "bob@example.org") == nil)
    }

    @Test func sharedKeysOnlyEncryptWhereNothingIsRequired() throws {
        let setup = try Setup()
        try setup.keep(.uploaded, verified: true, shared: true, by: "alice@example.org")
        // The account is what makes somebody a colleague.
        #expect(try !setup.encrypts(.opportunistic, login: "bob@example.org"))
        _ = try setup.store.openAccount(for: #require(EmailAddress("bob@example.org")))
        #expect(try setup.encrypts(.opportunistic, login: "bob@example.org"))
        #expect(try !setup.encrypts(.required, login: "bob@example.org"))
        #expect(try setup.believed(by: "bob@example.org")?.bindsAddress == false)
        #expect(try !setup.encrypts(.opportunistic, login: "eve@example.net"))
    }

    @Test func keysFromMailVerifyOnlyOnceVerified() throws {
        let setup = try Setup()
        try setup.keep(.autocrypt, verified: false, by: "alice@example.org")
        #expect(try setup.encrypts(.opportunistic, login: "alice@example.org"))
        #expect(try !setup.encrypts(.required, login: "alice@example.org"))
        #expect(try setup.believed(by: "alice@example.org")?.bindsAddress == false)
        try setup.keep(.autocrypt, verified: true, by: "alice@example.org")
        #expect(try setup.encrypts(.required, login: "alice@example.org"))
        #expect(try setup.believed(by: "alice@example.org") == .userVerified)
    }
}
