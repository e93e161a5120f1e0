import Guard
import KeyStore
import Libcrypto
import MIME
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

@testable import ControlAPI

/// Tokens and sessions that are shown again when they should be over.
@Suite struct TokenReplayTests {
    private static let password = "correct horse battery"
    private static let desk = Peer.local(user: 0, group: 0, process: 1)

    private struct Outbox: MailSender {
        func send(to recipients: [EmailAddress], message: [UInt8]) throws {}
    }

    private let fixture: ControlFixture
    private let session: String

    init() async throws {
        var options = ControlOptions()
        options.supportUsers = [0]
        options.mailUsers = [0]
        var settings = GuardSettings()
        settings.recovery.isOffered = true
        settings.mail.from = Mailbox(address: try #require(EmailAddress("guard@example.org")))
        var ports = GuardPorts(mail: Outbox())
        ports.crypto = SigningCrypto()
        fixture = try ControlFixture(options: options, settings: settings, ports: ports)
        session = try fixture.session("alice@example.org")
        let made = await fixture.post(
            "/oxguard/keys?action=create&session=\(session)", form: ["name": "Alice", "password": Self.password])
        try #require(made.code == nil, "\(made.text)")
    }

    /// A token for Alice's password.
    private func token(minutes: Int?) async throws -> String {
        let minutes = minutes.map { ",\"minutesValid\":\($0)" } ?? ""
        let reply = await fixture.post(
            "/oxguard/auth?action=login&session=\(session)", json: "{\"password\":\"\(Self.password)\"\(minutes)}")
        return try #require(reply.json?["data"]?["auth"]?.text, "\(reply.text)")
    }

    /// A change that a token attached to the session pays for.
    private func addUserID(_ session: String) async throws -> TestReply {
        let rings = await fixture.get("/oxguard/keys?action=getKey&session=\(session)")
        let id = rings.json?["data"]?["publicRing"]?["keys"]?.array?.first?["id"]
        guard case .integer(let id)? = id else { return rings }
        return await fixture.post(
            "/oxguard/keys?action=addUserId&session=\(session)",
            form: ["keyid": "\(id)", "name": "x", "email": "x\(fixture.serial())@example.org"])
    }

    private func sign(_ token: String?, _ session: String?) async throws -> TestReply {
        let mailbox = try #require(EmailAddress("alice@example.org"))
        let account = try #require(try fixture.store.account(for: mailbox))
        var parts = [
            ("user", "\(account.id)"), ("context", "\(account.domainID)"), ("email", "alice@example.org"),
            ("fromName", ""), ("isGuest", "false"), ("json", #"{"sign":true,"encrypt":false}"#),
            ("file", "From: alice@example.org\r\n\r\nx\r\n"),
        ]
        if let token { parts.append(("guardAuth", token)) }
        if let session { parts.append(("session", session)) }
        return await fixture.post(
            "/oxguard/mail?action=encrypt", parts: parts.map { ($0.0, Array($0.1.utf8)) }, peer: Self.desk)
    }

    /// Nothing that takes a token takes this one, in its own session or in another.
    private func expectDead(_ token: String, _ sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let fresh = try fixture.session("alice@example.org")
        for session in [session, fresh] {
            let attached = await fixture.get("/oxguard/auth?action=check&session=\(session)")
            #expect(attached.json?["data"] == nil, "\(attached.text)", sourceLocation: sourceLocation)
            let refusals: Set<String?> = ["GRD-AUTH-0004", "GRD-AUTH-0001"]
            for minutes in [-1, 0, 60] {
                let saved = await fixture.post(
                    "/oxguard/auth?action=save&session=\(session)",
                    json: "{\"auth\":\"\(token)\",\"minutesValid\":\(minutes)}")
                #expect(refusals.contains(saved.code), "\(saved.text)", sourceLocation: sourceLocation)
            }
            let added = try await addUserID(session)
            #expect(
                refusals.union(["GRD-KEY-0001"]).contains(added.code), "\(added.text)", sourceLocation: sourceLocation)
            let signed = try await sign(token, session)
            #expect(refusals.contains(signed.code), "\(signed.text)", sourceLocation: sourceLocation)
        }
        // The mail flow has nothing to sign with either.
        #expect(try await sign(nil, nil).text == "unsigned", sourceLocation: sourceLocation)
    }

    enum End: CaseIterable {
        case logout, close, changePassword, reset, deletion, deletionBySupport
    }

    @Test(arguments: End.allCases) func tokensAreOverAfter(_ end: End) async throws {
        let attached = try await token(minutes: 60)
        let loose = try await token(minutes: nil)
        #expect(try await addUserID(session).code == nil)
        #expect(try await sign(loose, session).text == "signed")
        #expect(try await sign(nil, nil).text == "signed")
        let reply: TestReply
        switch end {
        case .logout: reply = await fixture.get("/oxguard/login?action=logout&session=\(session)")
        case .close: reply = await fixture.post("/guardd/session?action=close&session=\(session)")
        case .changePassword:
            reply = await fixture.post(
                "/oxguard/login?action=changepass&session=\(session)",
                json: "{\"oldpass\":\"\(Self.password)\",\"newpass\":\"another horse 12\"}")
        case .reset: reply = await fixture.post("/oxguard/login?action=reset&session=\(session)")
        case .deletion:
            let ring = await fixture.get("/oxguard/keys?action=getKey&session=\(session)")
            guard case .integer(let id)? = ring.json?["data"]?["publicRing"]?["keys"]?.array?.first?["id"] else {
                throw TestFailure("no key: \(ring.text)")
            }
            reply = await fixture.post(
                "/oxguard/keys?action=delete&session=\(session)", form: ["keyid": "\(id)", "password": Self.password])
        case .deletionBySupport:
            reply = await fixture.post(
                "/guardsupport?action=delete_user", form: ["email": "alice@example.org"], peer: Self.desk)
        }
        #expect(reply.status == 200 && reply.code == nil, "\(reply.text)")
        for token in [attached, loose] { try await expectDead(token) }
    }

    @Test func attachedTokensEndInTime() async throws {
        let token = try await token(minutes: 5)
        fixture.pass(seconds: 299)
        #expect(try await addUserID(session).code == nil)
        #expect(try await sign(nil, nil).text == "signed")
        fixture.pass(seconds: 1)
        try await expectDead(token)
    }

    @Test func sessionsEndUnusedAndTakeTheirTokensAlong() async throws {
        let token = try await token(minutes: 0)
        fixture.pass(seconds: 3599)
        #expect(try await addUserID(session).code == nil)
        fixture.pass(seconds: 3600)
        #expect(await fixture.get("/oxguard/auth?action=check&session=\(session)").code == "GRD-AUTH-0001")
        try await expectDead(token)
    }

    @Test func sessionsEndInUseToo() async throws {
        let token = try await token(minutes: 0)
        for _ in 0..<47 {
            fixture.pass(seconds: 1800)
            #expect(await fixture.get("/oxguard/auth?action=check&session=\(session)").code == nil)
        }
        fixture.pass(seconds: 1800)
        try await expectDead(token)
    }

    @Test func aTokenForOneUseHasOne() async throws {
        let token = try await token(minutes: -1)
        let longer = await fixture.post(
            "/oxguard/auth?action=save&session=\(session)", json: "{\"auth\":\"\(token)\",\"minutesValid\":60}")
        #expect(longer.code == "GRD-AUTH-0004")
        #expect(try await sign(nil, nil).text == "unsigned")
        #expect(try await addUserID(session).code == nil)
        #expect(try await addUserID(session).code == "GRD-AUTH-0004")
        try await expectDead(token)
    }

    /// Many at once ask for the same use.
    @Test func oneUseIsOneAmongMany() async throws {
        let token = try await token(minutes: -1)
        let signed = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<24 { group.addTask { (try? await sign(token, session).text) == "signed" } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(signed == 1)
        try await expectDead(token)
    }
}
