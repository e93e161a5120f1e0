import CMS
import Foundation
import Guard
import HTTPTypes
import KeyStore
import Libcrypto
import MIME
import MailFlow
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

@testable import ControlAPI
@testable import guardd

/// One user's life through the API: each success is as described, and all members that the description names appear.
@Suite struct ContractStoryTests {
    private let outbox: Outbox
    private let client: DescribedClient
    private var document: OpenAPIDocument { client.document }
    private var fixture: ControlFixture { client.fixture }
    private var operations: [String: OpenAPIDocument.Operation] { client.operations }
    /// Operations that succeeded.
    private let succeeded = Lock<Set<String>>([])
    private let seen = Lock<[String: Set<String>]>([:])
    private static let password = "correct horse battery"

    init() throws {
        var options = ControlOptions()
        options.trustedUsers = [0]
        options.supportUsers = [0]
        var settings = GuardSettings()
        settings.recovery.isOffered = true
        settings.mail.from = Mailbox(address: try #require(EmailAddress("guard@example.org")))
        settings.guests.areAllowed = true
        settings.guests.firstPage = "https://guard.example.org/?item={item}"
        settings.guests.resetPage = "https://guard.example.org/?resetid={resetid}"
        settings.guests.usesPINs = true
        let outbox = Outbox()
        var ports = GuardPorts(mail: outbox)
        ports.later = { $0() }
        try self.init(ControlFixture(options: options, settings: settings, ports: ports), outbox)
    }

    private init(_ fixture: ControlFixture, _ outbox: Outbox = Outbox()) throws {
        self.outbox = outbox
        client = try DescribedClient(fixture)
    }

    /// Calls an operation that must succeed.
    @discardableResult
    private func call(
        _ id: String, _ session: String? = nil, query: [String: String] = [:], form: [String: String]? = nil,
        json: String? = nil, parts: [(String, [UInt8])]? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> TestReply {
        let operation = try #require(operations[id], sourceLocation: sourceLocation)
        let reply = try await client.reply(id, session, query: query, form: form, json: json, parts: parts)
        #expect(
            reply.status == 200 && reply.code == nil, "\(id): \(reply.text.prefix(500))", sourceLocation: sourceLocation
        )
        if reply.status == 200 && reply.code == nil { succeeded.withLock { _ = $0.insert(id) } }
        let problems = document.problems(reply.reply, to: operation)
        #expect(problems.isEmpty, "\(id): \(problems)", sourceLocation: sourceLocation)
        if let value = try? JSONSerialization.jsonObject(with: Data(reply.reply.body), options: .fragmentsAllowed) {
            seen.withLock { $0[id, default: []].formUnion(JSONSchema.members(value)) }
        }
        return reply
    }

    private func expectAllMembers(except: Set<String> = []) {
        for (id, members) in seen.withLock({ $0 }) {
            guard let operation = operations[id] else { continue }
            let missing = document.members(of: operation).subtracting(members).filter { member in
                !except.contains(member)
            }
            #expect(missing.isEmpty, "\(id) never had \(missing.sorted())")
        }
    }

    private static func certificate(_ address: String) throws -> Certificate {
        try SecretCertificate.generate(userIDs: ["<\(address)>"], at: Timestamp(1_763_000_000)).certificate
    }

    @Test func keysOfAUser() async throws {
        let session = try fixture.session("alice@example.org")
        try await call("checkUserHasPgpKeys", session)
        let made = try await call(
            "createPgpKeyRing", session,
            form: ["name": "Alice", "password": Self.password, "email": "alice@elsewhere.example"])
        let id = try #require(made.json?["data"]?["publicRing"]?["keys"]?.array?.first?["id"]?.number)
        #expect(made.json?["data"]?["current"] == .bool(true))
        try await call("checkUserHasPgpKeys", session)
        try await call("listOwnPgpKeyRings", session)
        try await call("getOwnPgpKeyRing", session)
        try await call(
            "getOwnPgpKeyRing", session,
            form: ["keyid": id, "keyType": "public_private", "password": Self.password])
        let file = try await call("downloadArmoredKeyRing", session, form: ["keyType": "public"])
        #expect(file.text.hasPrefix("-----BEGIN PGP PUBLIC KEY BLOCK-----"))
        let both = try await call(
            "downloadArmoredKeyRing", session, form: ["keyType": "public_private", "password": Self.password])
        #expect(both.text.contains("-----BEGIN PGP PRIVATE KEY BLOCK-----"))
        try await call(
            "addUserIdToKeyRing", session,
            form: ["keyid": id, "name": "Alice", "email": "alice@second.example", "password": Self.password])
        try await call("listKeySignatures", session, query: ["keyid": id, "subkeys": "true"])
        try await call("setCurrentPgpKeyRing", session, form: ["keyid": id])
        try await call("lookupRecipientKey", session, query: ["email": "alice@example.org"])
        try await call("lookupRecipientKey", session, query: ["email": "nobody@elsewhere.example"])
        let listed = try await call("hkpLookup", query: ["op": "get", "search": "alice@example.org"])
        #expect(listed.text.hasPrefix("-----BEGIN PGP PUBLIC KEY BLOCK-----"))
        try await call("hkpLookup", query: ["op": "index", "search": "alice@example.org", "options": "mr"])
        // z-base-32 of the SHA-1 of "alice".
        try await call("wkdLookup", query: ["hash": "kei1q4tipxxu1yj79k9kfukdhfy631xe", "l": "alice"])
        let second = try SecretCertificate.generate(userIDs: ["<alice@example.org>"], at: Timestamp(1_763_000_000))
        let armored = second.armored().withBytes { span in span.indices.map { span[$0] } }
        try await call(
            "uploadOwnKeyRing", session,
            parts: [("key", armored), ("newPassword", Array(Self.password.utf8))])
        try await call(
            "revokeKey", session, form: ["keyid": id, "password": Self.password, "reason": "key_superseded"])
        try await call("deletePgpKeyRing", session, form: ["keyid": id, "password": Self.password])
        expectAllMembers(except: ["$.data.keyRings[].privateRing.ring", "$.data.privateRing.ring"])
    }

    @Test func keysOfCorrespondents() async throws {
        let session = try fixture.session("alice@example.org")
        let bob = try Self.certificate("bob@elsewhere.example")
        let uploaded = try await call(
            "uploadExternalPublicKeyRing", session, parts: [("key", bob.armored())])
        let ids = try #require(
            uploaded.json?["data"]?["externalPublicKeyRings"]?.array?.first?["ids"]?.text)
        try await call("setExternalKeyInlineFlag", session, form: ["keyids": ids, "inline": "true"])
        try await call("setExternalKeyShareFlag", session, form: ["keyids": ids, "share": "true"])
        try await call("listExternalPublicKeyRings", session)
        try await call(
            "getContactPublicKeyRings", session, query: ["contactFolder": "mail", "contactID": "bob@elsewhere.example"])
        try await call("lookupRecipientKey", session, query: ["email": "bob@elsewhere.example"])
        let carol = try Self.certificate("carol@elsewhere.example")
        var text: [UInt8] = []
        Base64.encode(carol.serialized().span, lineLength: 0, into: &text)
        let header = "addr=carol@elsewhere.example; keydata=" + String(decoding: text, as: UTF8.self)
        try await call(
            "importAutocryptHeader", session,
            form: ["header": header, "sent_date": "Mon, 24 Nov 2025 16:00:00 +0000", "add": "true"])
        try await call(
            "setAutocryptKeyVerified", session, form: ["keyids": carol.fingerprint.hex, "verified": "true"])
        try await call("listExternalPublicKeyRings", session, query: ["keyType": "autocrypt"])
        try await call("deleteExternalPublicKeyRing", session, form: ["keyids": ids])
        expectAllMembers()
    }

    @Test func passwordsAndTokens() async throws {
        let session = try fixture.session("alice@example.org")
        try await call("loginForGuardToken", session, json: "{}")
        try await call(
            "createPgpKeyRing", session,
            form: ["name": "Alice", "password": Self.password, "email": "alice@elsewhere.example"])
        let login = try await call(
            "loginForGuardToken", session, json: "{\"encr_password\":\"\(Self.password)\",\"lang\":\"de_DE\"}")
        let token = try #require(login.json?["auth"]?.text)
        try await call("getSessionAuthToken", session)
        try await call(
            "attachAuthTokenToSession", session, json: "{\"auth\":\"\(token)\",\"minutesValid\":5,\"type\":\"PGP\"}")
        try await call("getSessionAuthToken", session)
        try await call(
            "loginAndAttachAuthToken", session, json: "{\"password\":\"\(Self.password)\",\"minutesValid\":0}")
        #expect(try await call("getSecondaryEmail", session).json?.text == "alice@elsewhere.example")
        try await call(
            "setSecondaryEmail", session,
            json: "{\"password\":\"\(Self.password)\",\"email\":\"new@elsewhere.example\"}")
        try await call(
            "changeCurrentKeyPassword", session,
            json: "{\"oldpass\":\"\(Self.password)\",\"newpass\":\"another horse 12\"}")
        try await call("resetKeyPassword", session)
        try await call("destroyGuardSessions", session)
        expectAllMembers(except: ["$.lang", "$.data.privateRing.ring"])
    }

    @Test func certificatesOfAUserAndCorrespondents() async throws {
        // Certificates that openssl issues during the test are valid by then.
        let now = Timestamp(Int64(Date.now.timeIntervalSince1970) + 3600)
        let house = try CertificateAuthority.create(
            name: try #require(CertificateName(commonName: "House")), key: .generate(.p256),
            at: now.seconds - 86_400, days: 3650)
        var ports = GuardPorts()
        ports.certificates = AuthorityIssuer(house, days: 365)
        ports.smimeTrust = SMIMETrust(store: try TrustStore([house.certificate]))
        var settings = GuardSettings()
        settings.certificates.allowsUntrusted = true
        settings.certificates.keyKind = .p256
        let story = try ContractStoryTests(ControlFixture(settings: settings, ports: ports, now: now))
        let session = try story.fixture.session("alice@example.org")

        let none = try await story.call("checkUserHasCertificates", session)
        #expect(none.json?["data"]?["hasPrivateKey"] == .bool(false))
        let offer = try await story.call("checkCertificateCreationAvailable", session)
        #expect(offer.json?["data"]?["available"] == .bool(true))
        let made = try await story.call("createCertificateFromPki", session, form: ["password": Self.password])
        let first = try #require(made.json?["data"]?["serial"]?.text)
        #expect(made.json?["data"]?["email"]?.text == "alice@example.org")
        let some = try await story.call("checkUserHasCertificates", session)
        #expect(some.json?["data"]?["hasPrivateKey"] == .bool(true))

        let authority = try OpenSSLAuthority()
        let identity = try authority.issue("alice@example.org", .p256)
        let bundle = authority.folder.file("alice.p12")
        try Shell.check(
            "openssl",
            [
                "pkcs12", "-export", "-in", identity.certificateFile, "-inkey", identity.keyFile, "-passout",
                "pass:bundle", "-out", bundle,
            ])
        let uploaded = try await story.call(
            "uploadOwnCertificate", session,
            parts: [
                ("certificate", [UInt8](try Shell.check("cat", [bundle]))), ("password", Array("bundle".utf8)),
                ("newPassword", Array(Self.password.utf8)),
            ])
        let second = try #require(uploaded.json?["data"]?["certificates"]?.array?.first?["serial"]?.text)
        #expect(first != second)
        func current() async throws -> [String: Bool] {
            let listed = try await story.call("listOwnCertificates", session)
            let all = listed.json?["data"]?["certificates"]?.array ?? []
            return Dictionary(
                uniqueKeysWithValues: all.map { ($0["serial"]?.text ?? "", $0["current"] == .bool(true)) })
        }
        for serial in [first, second, first] {
            try await story.call("setCurrentCertificate", session, form: ["serial": serial])
            #expect(try await current() == [first: serial == first, second: serial == second])
        }

        let carol = try authority.issue("carol@partner.example", .p256)
        try await story.call(
            "uploadRecipientCertificate", session, parts: [("certificate", carol.certificate)])
        let found = try await story.call(
            "lookupRecipientCertificate", session, query: ["email": "carol@partner.example"])
        #expect(found.json?["data"]?["certifier"]?.text == "CN=Test Authority")
        #expect(found.json?["data"]?["keySource"]?["trusted"] == .bool(false))

        try await story.call(
            "deleteOwnCertificate", session, form: ["serial": second, "password": Self.password])
        #expect(try await current() == [first: true])
        story.expectAllMembers()
        let others = story.succeeded.withLock { $0 }
        succeeded.withLock { $0.formUnion(others) }
    }

    @Test func sessionsOpenAndClose() async throws {
        let opened = try await call("openControlSession", json: "{\"email\":\"alice@example.org\"}")
        let session = try #require(opened.json?["data"]?["session"]?.text)
        try await call("checkUserHasPgpKeys", session)
        try await call("closeControlSession", session)
        let closed = await fixture.get("/oxguard/keys?action=hasKeys&session=\(session)")
        #expect(closed.code == "GRD-AUTH-0001")
        expectAllMembers()
    }

    @Test func recoveryEndsForGood() async throws {
        let session = try fixture.session("alice@example.org")
        try await call("createPgpKeyRing", session, form: ["name": "Alice", "password": Self.password])
        let before = try await call("loginForGuardToken", session, json: "{}")
        #expect(before.json?["recoveryAvail"] == .bool(true))
        try await call("supportResetPassword", query: ["email": "alice@example.org"])
        let old = await fixture.post(
            "/oxguard/login?action=deleterecovery&session=\(session)", form: ["password": Self.password])
        #expect(old.code == "PGP-CORE-0003")
        let second = try fixture.session("bob@example.org")
        try await call("createPgpKeyRing", second, form: ["name": "Bob", "password": Self.password])
        try await call("deletePasswordRecovery", second, form: ["password": Self.password])
        let after = try await call("loginForGuardToken", second, json: "{}")
        #expect(after.json?["recoveryAvail"] == .bool(false))
    }

    @Test func usersWithoutCertificates() async throws {
        let session = try fixture.session("alice@example.org")
        try await call("checkUserHasCertificates", session)
        let listed = try await call("listOwnCertificates", session)
        #expect(listed.json?["data"]?["certificates"]?.array?.isEmpty == true)
        let creation = try await call("checkCertificateCreationAvailable", session)
        #expect(creation.json?["data"]?["available"] == .bool(false))
    }

    @Test func aGuestsLife() async throws {
        let address = "guest@partner.example"
        let guest = try #require(EmailAddress(address))
        let spool = Spool()
        try spool.append(Array("From: alice@example.org\r\nSubject: s\r\n\r\nhello\r\n".utf8))
        try fixture.guard.hold(spool, for: [guest], from: EmailAddress("alice@example.org"), language: "")
        let item = try outbox.word(after: "item=")
        // Without the PIN only once the desk has taken it away.
        let refused = await fixture.post(
            "/oxguard/guest?action=firstpass",
            json: "{\"email\":\"\(address)\",\"itemId\":\"\(item)\",\"newpass\":\"\(Self.password)\","
                + "\"question\":\"dog\",\"answer\":\"Rex\"}")
        #expect(refused.code != nil)
        try await call("supportRemoveGuestPin", query: ["email": address])
        try await call(
            "assignFirstGuestPassword",
            json: "{\"email\":\"\(address)\",\"itemId\":\"\(item)\",\"newpass\":\"\(Self.password)\","
                + "\"question\":\"dog\",\"answer\":\"Rex\"}")
        let login = try await call(
            "loginGuest", json: "{\"username\":\"\(address)\",\"password\":\"\(Self.password)\"}")
        let auth = try #require(login.json?["auth"]?.text)
        try await call(
            "changeGuestPassword", query: ["auth": auth],
            json: "{\"oldpass\":\"\(Self.password)\",\"newpass\":\"another horse 12\"}")
        let old = await fixture.post(
            "/oxguard/login?action=guest",
            json: "{\"username\":\"\(address)\",\"password\":\"\(Self.password)\"}")
        #expect(old.code == "PGP-CORE-0003")
        let new = try await call(
            "loginGuest", json: "{\"username\":\"\(address)\",\"password\":\"another horse 12\"}")
        #expect(new.json?["auth"]?.text?.isEmpty == false)
        let sent = outbox.messages.withLock { $0.count }
        try await call("requestGuestPasswordReset", form: ["email": address, "answer": "Rex"])
        #expect(outbox.messages.withLock { $0.count } == sent + 1)
        let reset = try outbox.word(after: "resetid=")
        let done = try await call(
            "completeGuestAccountReset",
            json: "{\"email\":\"\(address)\",\"resetid\":\"\(reset)\",\"password\":\"third horse 1234\"}")
        #expect(done.json?.text == "OK")
        let again = try await call(
            "loginGuest", json: "{\"username\":\"\(address)\",\"password\":\"third horse 1234\"}")
        #expect(again.json?["auth"]?.text?.isEmpty == false)
        try await call("supportUpgradeGuest", query: ["email": address])
        #expect(try fixture.store.account(for: guest)?.isGuest == false)
        expectAllMembers()
    }

    /// Mail of others comes in and is judged and encrypted for its mailbox, mail of the user goes out: through the code of
    /// the mail flow, judged by gpg and openssl.
    @Test func mailOfFiltersAndClients() async throws {
        let alice = "alice@example.org"
        let entity = Array("Content-Type: text/plain\r\n\r\nI owe you ten.\r\n".utf8)
        let bob = try GnuPGHome()
        try bob.generate("bob@elsewhere.example")
        let fromBob = try TestMail.signed(entity: entity, from: "bob@elsewhere.example", to: alice, with: bob)
        let authority = try OpenSSLAuthority()
        let folder = authority.folder
        let carol = try authority.issue("carol@partner.example", .p256)
        let identity = try authority.issue(alice, .p256)
        func openssl(_ arguments: [String], _ input: [UInt8]) throws -> [UInt8] {
            try Shell.check("openssl", ["cms"] + arguments, input: input)
        }
        let fromCarol = try openssl(
            [
                "-sign", "-signer", carol.certificateFile, "-inkey", carol.keyFile, "-md", "sha256", "-crlfeol",
                "-from", carol.address, "-to", alice, "-subject", "signed",
            ], entity)
        try Shell.check(
            "openssl",
            [
                "pkcs12", "-export", "-in", identity.certificateFile, "-inkey", identity.keyFile, "-passout",
                "pass:bundle", "-out", folder.file("alice.p12"),
            ])
        // Everything above exists by then.
        let now = Timestamp(Int64(Date.now.timeIntervalSince1970))

        var options = ControlOptions()
        options.trustedUsers = [0]
        options.mailUsers = [0]
        let trust = SMIMETrust(
            store: try TrustStore(path: authority.certificateFile), policy: .init(revocation: .off))
        let store = Lock<KeyStore?>(nil)
        var ports = GuardPorts()
        ports.smimeTrust = trust
        ports.crypto = DoorCrypto {
            guard let store = store.withLock({ $0 }) else { throw TestFailure("no store yet") }
            return SessionContext(
                policy: Policy(authservID: "guardd.mx.example.org"),
                keys: StoreKeys(store, policy: .standard, trust: trust), now: { now }, log: { _ in })
        }
        let story = try ContractStoryTests(ControlFixture(options: options, ports: ports, now: now))
        store.withLock { $0 = story.fixture.store }

        let opened = try await story.call("openControlSession", json: "{\"email\":\"\(alice)\"}")
        let session = try #require(opened.json?["data"]?["session"]?.text)
        let user = [
            "user": try #require(opened.json?["data"]?["user"]?.number),
            "context": try #require(opened.json?["data"]?["context"]?.number),
        ]
        try await story.call("createPgpKeyRing", session, form: ["name": "Alice", "password": Self.password])
        try await story.call(
            "uploadExternalPublicKeyRing", session, parts: [("key", bob.publicKey("bob@elsewhere.example"))])
        try await story.call(
            "uploadOwnCertificate", session,
            parts: [
                ("certificate", folder.read("alice.p12")), ("password", Array("bundle".utf8)),
                ("newPassword", Array(Self.password.utf8)),
            ])
        try await story.call(
            "uploadRecipientCertificate", session, parts: [("certificate", carol.certificate)])

        // What arrives is judged, whichever module is asked.
        for id in ["verifyPgpMail", "verifyMail"] {
            for mail in [fromBob, fromCarol] {
                let forged = Array(
                    String(decoding: mail, as: UTF8.self).replacing("owe you ten", with: "owe you six").utf8)
                for (mail, isGood) in [(mail, true), (forged, false)] {
                    let simple = try await story.call(
                        id, query: user.merging(["simple": "true"]) { $1 }, parts: [("file", mail)])
                    #expect(simple.json?["data"] == .bool(isGood), "\(id)")
                    let marked = try await story.call(id, query: user, parts: [("file", mail)])
                    let field = MailParts(marked.reply.body).value("Guardd-Verdict")
                    #expect(field?.hasPrefix(isGood ? "pass;" : "fail;") == true, "\(id): \(field ?? "")")
                }
            }
        }

        // It is encrypted for its mailbox, once.
        let home = try GnuPGHome()
        let key = try await story.call(
            "downloadArmoredKeyRing", session, form: ["keyType": "private", "password": Self.password])
        try home.importKey(key.reply.body)
        let letter = TestMail.make(from: "eve@elsewhere.example", to: alice, body: "Between us.\r\n")
        let atRest = try await story.call("encryptPgpMailForUser", query: user, parts: [("file", letter)])
        #expect(!atRest.text.contains("Between us."))
        let read = try home.run(
            ["--pinentry-mode", "loopback", "--passphrase", Self.password, "--decrypt"],
            input: try #require(MailParts(atRest.reply.body).armor))
        #expect(MailParts(read).body == Array("Between us.\r\n".utf8))
        let again = try await story.call("encryptPgpMailForUser", query: user, parts: [("file", atRest.reply.body)])
        #expect(again.reply.body == atRest.reply.body)

        // What leaves is signed with the user's own keys: by a token of the request, or one that is attached.
        let sender = user.merging(["fromName": "Alice", "email": alice, "isGuest": "false"]) { $1 }
        func send(_ type: String, to recipient: String, _ token: String?) async throws -> [UInt8] {
            let mail = TestMail.make(from: alice, to: recipient, body: "See you.\r\n")
            let order =
                "{\"recipients\":[{\"email\":\"\(recipient)\",\"name\":\"\",\"field\":\"to\"}],"
                + "\"sign\":true,\"encrypt\":true,\"type\":\"\(type)\"}"
            let proof = token.map { [("guardAuth", Array($0.utf8)), ("session", Array(session.utf8))] } ?? []
            let sent = try await story.call(
                "encryptMail", query: sender, parts: [("file", mail), ("json", Array(order.utf8))] + proof)
            #expect(!sent.text.contains("See you."))
            return sent.reply.body
        }
        func token(_ type: String) async throws -> String {
            let login = try await story.call(
                "loginForGuardToken", session, query: ["type": type],
                json: "{\"encr_password\":\"\(Self.password)\"}")
            return try #require(login.json?["auth"]?.text)
        }
        try bob.importKey(
            try await story.call("downloadArmoredKeyRing", session, form: ["keyType": "public"]).reply.body)
        var proof: String? = try await token("PGP")
        for _ in 0..<2 {
            let armor = try #require(
                MailParts(try await send("PGP", to: "bob@elsewhere.example", proof)).armor)
            let (content, status) = try bob.decryptWithStatus(armor)
            #expect(MailParts(content).body == Array("See you.\r\n".utf8))
            #expect(status.contains("GOODSIG") && status.contains("<\(alice)>"), "\(status)")
            try await story.call(
                "attachAuthTokenToSession", session,
                json: "{\"auth\":\"\(try await token("PGP"))\",\"minutesValid\":5,\"type\":\"PGP\"}")
            proof = nil
        }
        let sealed = try await send("SMIME", to: carol.address, try await token("SMIME"))
        let signed = try openssl(["-decrypt", "-recip", carol.certificateFile, "-inkey", carol.keyFile], sealed)
        let content = try openssl(
            ["-verify", "-CAfile", authority.certificateFile, "-signer", folder.file("signer.pem")], signed)
        #expect(MailParts(content).body == Array("See you.\r\n".utf8))
        #expect(
            try String(decoding: folder.read("signer.pem"), as: UTF8.self)
                == String(decoding: Shell.check("openssl", ["x509", "-in", identity.certificateFile]), as: UTF8.self))
        let others = story.succeeded.withLock { $0 }
        succeeded.withLock { $0.formUnion(others) }
    }

    /// Every operation of the description succeeds in some story.
    @Test func everyOperationSucceedsInAStory() async throws {
        var all: Set<String> = []
        for story in [
            Self.keysOfAUser, Self.keysOfCorrespondents, Self.passwordsAndTokens, Self.sessionsOpenAndClose,
            Self.recoveryEndsForGood, Self.usersWithoutCertificates, Self.certificatesOfAUserAndCorrespondents,
            Self.aGuestsLife, Self.mailOfFiltersAndClients, Self.supportDesk,
        ] {
            let stories = try ContractStoryTests()
            try await story(stories)()
            all.formUnion(stories.succeeded.withLock { $0 })
        }
        #expect(Set(operations.keys).subtracting(all).isEmpty)
    }

    @Test func supportDesk() async throws {
        let session = try fixture.session("alice@example.org")
        try await call("createPgpKeyRing", session, form: ["name": "Alice", "password": Self.password])
        try await call("supportDeleteUserKeys", query: ["email": "alice@example.org"])
        let exposed = try await call("supportExposeDeletedKeys", query: ["email": "alice@example.org"])
        let last = exposed.text.split(separator: "/").last
        let token = try #require(last).prefix { $0 != "\"" }
        let keys = try await call("downloadExposedKeys", query: ["token": String(token)])
        #expect(keys.text.contains("-----BEGIN PGP P"))
        let readable = try await call(
            "downloadExposedKeys", query: ["token": String(token)], form: ["password": Self.password])
        #expect(readable.text.contains("-----BEGIN PGP P") && readable.text != keys.text)
    }
}

extension JSONValue {
    /// A number as text.
    fileprivate var number: String? {
        guard case .integer(let value) = self else { return nil }
        return String(value)
    }
}
