import Foundation
import Guard
import KeyStore
import MIME
import OpenPGP
import TestSupport
import Testing

@testable import ControlAPI

/// Where the interface behaves unlike what its names suggest.
@Suite struct VendorSurpriseTests {
    private static let desk = Peer.local(user: 0, group: 0, process: 1)
    private static let password = "correct horse battery"

    /// Answers with a mark of what was done.
    private struct Marking: MessageCrypto {
        func judge(_ message: [UInt8], for reader: EmailAddress) throws -> JudgedMessage {
            JudgedMessage(passes: true, message: Array("judged ".utf8) + message)
        }

        func protect(_ message: [UInt8], _ order: MessageOrder) throws -> [UInt8] {
            Array("protected ".utf8) + message
        }
    }

    private func make() throws -> ControlFixture {
        var options = ControlOptions()
        options.supportUsers = [0]
        options.mailUsers = [0]
        var settings = GuardSettings()
        settings.certificates.allowsUntrusted = true
        var ports = GuardPorts()
        ports.crypto = Marking()
        // Certificates that openssl issues later in the test are valid by then.
        let now = Timestamp(Int64(Date.now.timeIntervalSince1970) + 3600)
        return try ControlFixture(options: options, settings: settings, ports: ports, now: now)
    }

    /// The desk's deletion keeps OpenPGP rings, to be exposed; of S/MIME nothing is left.
    @Test func deletionBySupportKeepsOnlyRings() async throws {
        let fixture = try make()
        let session = try fixture.session("alice@example.org")
        let made = await fixture.post(
            "/oxguard/keys?action=create&session=\(session)", form: ["name": "Alice", "password": Self.password])
        #expect(made.code == nil, "\(made.text)")
        let authority = try OpenSSLAuthority()
        let identity = try authority.issue("alice@example.org", .p256)
        let bundle = authority.folder.file("alice.p12")
        try Shell.check(
            "openssl",
            [
                "pkcs12", "-export", "-in", identity.certificateFile, "-inkey", identity.keyFile, "-passout",
                "pass:bundle", "-out", bundle,
            ])
        let uploaded = await fixture.post(
            "/oxguard/certificates?action=upload&session=\(session)",
            parts: [
                ("certificate", [UInt8](try Shell.check("cat", [bundle]))), ("password", Array("bundle".utf8)),
                ("newPassword", Array(Self.password.utf8)),
            ])
        #expect(uploaded.code == nil, "\(uploaded.text)")
        let mailbox = try #require(EmailAddress("alice@example.org"))
        let account = try #require(try fixture.store.account(for: mailbox))
        #expect(try fixture.store.smimeKeys(of: account.id).count == 1)

        let deleted = await fixture.post(
            "/guardsupport?action=delete_user", form: ["email": "alice@example.org"], peer: Self.desk)
        #expect(deleted.code == nil, "\(deleted.text)")
        #expect(try fixture.store.smimeKeys(of: account.id).isEmpty)
        #expect(await fixture.get("/oxguard/keys?action=getKey&session=\(session)").code == "GRD-KEY-0001")
        let exposed = await fixture.post(
            "/guardsupport?action=expose_key", form: ["email": "alice@example.org"], peer: Self.desk)
        let token = try #require(exposed.text.split(separator: "/").last).prefix { $0.isHexDigit }
        let file = await fixture.get("/guardsupport/exposed/\(token)")
        #expect(file.text.contains("-----BEGIN PGP PRIVATE KEY BLOCK-----"))
    }

    /// `pgpmail` and `mail` verify alike, but only the encryption of `mail` asks for recipients.
    @Test func twoMailModulesAskForDifferentParameters() async throws {
        let fixture = try make()
        let session = try fixture.session("alice@example.org")
        _ = await fixture.post(
            "/oxguard/keys?action=create&session=\(session)", form: ["name": "Alice", "password": Self.password])
        let mailbox = try #require(EmailAddress("alice@example.org"))
        let account = try #require(try fixture.store.account(for: mailbox))
        let parts = [
            ("user", Array("\(account.id)".utf8)), ("context", Array("\(account.domainID)".utf8)),
            ("file", Array("From: alice@example.org\r\n\r\nx\r\n".utf8)),
        ]
        let verified = await fixture.post("/oxguard/pgpmail?action=verify", parts: parts, peer: Self.desk)
        #expect(verified.text.hasPrefix("judged "), "\(verified.text)")
        let other = await fixture.post("/oxguard/mail?action=verify", parts: parts, peer: Self.desk)
        #expect(verified.text == other.text)
        let atRest = await fixture.post("/oxguard/pgpmail?action=encrypt", parts: parts, peer: Self.desk)
        #expect(atRest.text.hasPrefix("protected "), "\(atRest.text)")
        let short = await fixture.post("/oxguard/mail?action=encrypt", parts: parts, peer: Self.desk)
        #expect(short.status == 400 && short.code == "GRD-REQ-0001", "\(short.text)")
    }

    /// `type` in any case, and in two places at once, is one type; two different ones are refused.
    @Test func typeMayStandTwice() async throws {
        let fixture = try make()
        let session = try fixture.session("alice@example.org")
        let target = "/oxguard/login?action=login&session=\(session)&type="
        for (first, second) in [("pgp", "PGP"), ("PGP", "pgp"), ("smime", "SMIME")] {
            let reply = await fixture.post(target + first, json: #"{"type":"\#(second)"}"#)
            #expect(reply.status == 200 && reply.code == nil, "\(first), \(second): \(reply.text)")
        }
        let mixed = await fixture.post(target + "pgp", json: #"{"type":"SMIME"}"#)
        #expect(mixed.status == 400 && mixed.code == "GRD-REQ-0004")
    }
}
