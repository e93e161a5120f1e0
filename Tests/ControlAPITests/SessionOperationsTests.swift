import Foundation
import Guard
import HTTPTypes
import Libcrypto
import MIME
import OpenPGP
import Testing

@testable import ControlAPI

/// Sessions, login and tokens by their requests.
@Suite struct SessionOperationsTests {
    private static let desk = Peer.local(user: 1, group: 1, process: 1)
    private static let stranger = Peer.local(user: 4_000_000_000, group: 1, process: 1)

    private static func fixture(clients: String? = nil) throws -> ControlFixture {
        var options = ControlOptions()
        options.trustedUsers = [1]
        if let clients { options.clientCredentials = BasicCredentials.parse(clients).credentials }
        var settings = GuardSettings()
        settings.localDomains = ["example.org"]
        return try ControlFixture(options: options, settings: settings)
    }

    private static func open(_ fixture: ControlFixture, _ mailbox: String = "alice@example.org") async throws -> String
    {
        let reply = await fixture.post(
            "/guardd/session?action=open", json: #"{"email":"\#(mailbox)"}"#, peer: desk)
        return try #require(reply.json?["data"]?["session"]?.text)
    }

    @Test func sessionsAreOpenedAndClosed() async throws {
        let fixture = try Self.fixture()
        let opened = await fixture.post(
            "/guardd/session?action=open", json: #"{"email":"alice@example.org"}"#, peer: Self.desk)
        #expect(opened.status == 200)
        let data = try #require(opened.json?["data"])
        #expect(data["session"]?.text?.count == 43)
        #expect(data["user"] == .integer(1) && data["context"] == .integer(1) && data["guest"] == .bool(false))
        #expect(data["expiresAt"] == .integer((1_764_000_000 + 3600) * 1000))
        let session = try #require(data["session"]?.text)
        #expect(await fixture.get("/oxguard/login?action=secondary&session=\(session)").text == "\"\"")
        #expect(await fixture.post("/guardd/session?action=close&session=\(session)").text == "{}")
        let after = await fixture.get("/oxguard/login?action=secondary&session=\(session)")
        #expect(after.code == "GRD-AUTH-0001")
    }

    @Test func whoMayOpenWhat() async throws {
        let (secret, line) = try BasicCredentials.generate(name: "webmail")
        let fixture = try Self.fixture(clients: line)
        let open = "/guardd/session?action=open"
        let stranger = await fixture.post(open, json: #"{"email":"alice@example.org"}"#, peer: Self.stranger)
        #expect(stranger.code == "GRD-AUTH-0002")
        let wrong = await fixture.post(
            open, json: #"{"email":"alice@example.org","password":"x"}"#, peer: .network("127.0.0.1"))
        #expect(wrong.code == "GRD-AUTH-0002")
        let foreign = await fixture.post(open, json: #"{"email":"eve@example.com"}"#, peer: Self.desk)
        #expect(foreign.status == 403 && foreign.code == "GRD-AUTH-0006")
        let nonsense = await fixture.post(open, json: #"{"email":"alice"}"#, peer: Self.desk)
        #expect(nonsense.status == 400)
        func basic(_ secret: String) -> HTTPFields {
            [.authorization: "Basic " + Data("webmail:\(secret)".utf8).base64EncodedString()]
        }
        let client = await fixture.post(
            open, json: #"{"email":"alice@example.org"}"#, fields: basic(secret), peer: Self.stranger)
        #expect(client.json?["data"]?["session"]?.text != nil)
        let forged = await fixture.post(
            open, json: #"{"email":"alice@example.org"}"#, fields: basic(secret + "x"), peer: Self.stranger)
        #expect(forged.code == "GRD-AUTH-0002")
    }

    @Test func loginWithoutPasswordTellsTheSettings() async throws {
        let fixture = try Self.fixture()
        let session = try await Self.open(fixture)
        for body in [#"{"encr_password":null,"type":"pgp"}"#, #"{"encr_password":""}"#, "{}"] {
            let reply = await fixture.post("/oxguard/login?action=login&type=PGP&session=\(session)", json: body)
            let json = try #require(reply.json)
            #expect(json["data"] == nil && json["error"] == nil)
            #expect(json["auth"]?.text == "No Key")
            #expect(json["primaryEmail"]?.text == "alice@example.org" && json["cid"] == .integer(1))
            #expect(json["recoveryAvail"] == .bool(false))
            #expect(json["lang"]?["en_US"]?.text == "English")
            #expect(json["settings"]?["min_password_length"] == .integer(10))
            #expect(json["settings"]?["password_length"] == .integer(16))
            #expect(json["settings"]?["noRecovery"] == .bool(true))
            #expect(Base64.decode(Array((json["pubKey"]?.text ?? "%").utf8))?.count == 422)
        }
        let twice = await fixture.post(
            "/oxguard/login?action=login&type=PGP&session=\(session)", json: #"{"type":"smime"}"#)
        #expect(twice.status == 400 && twice.code == "GRD-REQ-0004")
        let query = await fixture.post(
            "/oxguard/login?action=login&session=\(session)&encr_password=x", json: "{}")
        #expect(query.code == "GRD-REQ-0003")
    }

    @Test func logoutEndsEverySessionOfTheUser() async throws {
        let fixture = try Self.fixture()
        let (one, two) = (try await Self.open(fixture), try await Self.open(fixture))
        let bob = try await Self.open(fixture, "bob@example.org")
        #expect(await fixture.get("/oxguard/login?action=logout&session=\(one)").text == "{}")
        for session in [one, two] {
            #expect(await fixture.get("/oxguard/auth?action=check&session=\(session)").code == "GRD-AUTH-0001")
        }
        #expect(await fixture.get("/oxguard/auth?action=check&session=\(bob)").text == "{}")
    }

    @Test func tokensAreAttachedToTheSessionTheyBelongTo() async throws {
        let fixture = try Self.fixture()
        let session = try await Self.open(fixture)
        let caller = try fixture.guard.caller(session: SecretBytes(copying: Array(session.utf8)), peer: "")
        let secrets = UnlockSecrets(name: [1], key: SecretBytes(copying: [2]))
        let token = try fixture.guard.issueToken(secrets, to: caller, .pgp).text.text
        #expect(await fixture.get("/oxguard/auth?action=check&session=\(session)").json?["data"] == nil)
        func save(_ session: String, _ query: String, _ body: String) async -> TestReply {
            await fixture.post("/oxguard/auth?action=save&session=\(session)\(query)", json: body)
        }
        let saved = await save(session, "&type=pgp", #"{"auth":"\#(token)","minutesValid":7,"type":"PGP"}"#)
        #expect(saved.json?["data"]?["auth"]?.text == token)
        #expect(saved.json?["data"]?["minutesValid"] == .integer(7))
        let check = await fixture.get("/oxguard/auth?action=check&session=\(session)")
        #expect(check.json?["data"]?["auth"]?.text == token)
        #expect(check.json?["data"]?["createdOn"] == .integer(1_764_000_000_000))
        #expect(await fixture.get("/oxguard/auth?action=check&session=\(session)&type=smime").json?["data"] == nil)

        let differs = await save(session, "&type=pgp", #"{"auth":"\#(token)","type":"SMIME"}"#)
        #expect(differs.status == 400)
        let other = try await Self.open(fixture)
        for (session, query) in [
            (other, ""), (session, "&type=SMIME"), (try await Self.open(fixture, "bob@example.org"), ""),
        ] {
            let refused = await save(session, query, #"{"auth":"\#(token)","minutesValid":0}"#)
            #expect(refused.code == "GRD-AUTH-0004")
            #expect(refused.json?["error_desc"]?.text == "the token does not count")
        }
        #expect(await save(session, "", #"{"auth":"\#(token)","minutesValid":-2}"#).code == "GRD-REQ-0004")
        #expect(await save(session, "", "{}").code == "GRD-REQ-0001")
        let login = await fixture.post("/oxguard/auth?action=login&session=\(session)", json: #"{"password":"x"}"#)
        #expect(login.code == "PGP-CORE-0002")
        let encrypted = await fixture.post(
            "/oxguard/auth?action=login&session=\(session)", json: #"{"e_password":"AAAA"}"#)
        #expect(encrypted.code == "PGP-CORE-0002")

        // Replayed after logout: the session is over, and in a new session the token is nothing.
        _ = await fixture.get("/oxguard/login?action=logout&session=\(session)")
        #expect(await save(session, "", #"{"auth":"\#(token)"}"#).code == "GRD-AUTH-0001")
        #expect(await save(try await Self.open(fixture), "", #"{"auth":"\#(token)"}"#).code == "GRD-AUTH-0004")
    }
}
