import CMS
import Foundation
import Guard
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

/// People and things that errors need: Alice has a key and a certificate, Bob has nothing, Carla's ring has no private
/// part, Dora has deleted what could recover her key, Gus is a guest, and Wanda is one who has yet to choose a password.
final class ErrorStage {
    static let password = "correct horse battery"
    static let authorities = Result { (known: try OpenSSLAuthority(), unknown: try OpenSSLAuthority()) }

    let client: DescribedClient
    let outbox = Outbox()
    let now: Timestamp
    /// Session identifiers by local part.
    private(set) var sessions: [String: String] = [:]
    private(set) var keyIDs: [String: String] = [:]
    private(set) var serial = ""
    /// A serial number that two authorities gave out.
    private(set) var sharedSerial = ""
    /// What Gus logged in with, and the item of Wanda's invitation.
    private(set) var guestAuth = ""
    private(set) var item = ""

    init(
        _ change: (inout GuardSettings, inout GuardPorts) throws -> Void = { _, _ in }
    ) throws {
        let authorities = try Self.authorities.get()
        // Certificates that are issued during the test are valid by then.
        let now = Timestamp(Int64(Date.now.timeIntervalSince1970) + 3600)
        self.now = now
        let trust = SMIMETrust(
            store: try TrustStore(path: authorities.known.certificateFile), policy: .init(revocation: .off))
        var options = ControlOptions()
        options.trustedUsers = [0]
        options.supportUsers = [0]
        options.mailUsers = [0]
        var settings = GuardSettings()
        settings.passwords.failuresBeforeLock = 1_000_000
        settings.recovery.isOffered = true
        settings.mail.from = Mailbox(address: try #require(EmailAddress("guard@example.org")))
        settings.guests.areAllowed = true
        settings.guests.firstPage = "https://guard.example.org/?item={item}"
        settings.guests.resetPage = "https://guard.example.org/?resetid={resetid}"
        settings.certificates.keyKind = .p256
        settings.certificates.allowsUntrusted = true
        var ports = GuardPorts(mail: outbox)
        ports.later = { $0() }
        ports.smimeTrust = trust
        let store = Lock<KeyStore?>(nil)
        ports.crypto = DoorCrypto {
            guard let store = store.withLock({ $0 }) else { throw TestFailure("no store yet") }
            var policy = Policy(authservID: "guardd.mx.example.org")
            policy.messageSizeLimit = 10_000
            return SessionContext(
                policy: policy, keys: StoreKeys(store, policy: .standard, trust: trust), now: { now }, log: { _ in })
        }
        try change(&settings, &ports)
        client = try DescribedClient(ControlFixture(options: options, settings: settings, ports: ports, now: now))
        store.withLock { $0 = client.fixture.store }
    }

    func session(_ name: String) throws -> String {
        if let known = sessions[name] { return known }
        let opened = try client.fixture.session("\(name)@example.org")
        sessions[name] = opened
        return opened
    }

    /// The numbers that name a user to filters.
    func user(_ name: String) throws -> [String: String] {
        _ = try session(name)
        let address = try #require(EmailAddress("\(name)@example.org"))
        let account = try #require(try client.fixture.store.account(for: address))
        return ["user": String(account.id), "context": String(account.domainID)]
    }

    func succeed(_ reply: TestReply, sourceLocation: SourceLocation = #_sourceLocation) throws -> TestReply {
        try #require(reply.status == 200 && reply.code == nil, "\(reply.text)", sourceLocation: sourceLocation)
        return reply
    }

    func makeKey(_ name: String) async throws {
        let made = try succeed(
            await client.reply("createPgpKeyRing", session(name), form: ["name": name, "password": Self.password]))
        guard case .integer(let id)? = made.json?["data"]?["publicRing"]?["keys"]?.array?.first?["id"] else {
            throw TestFailure(made.text)
        }
        keyIDs[name] = String(id)
    }

    func makePublicRing(_ name: String) async throws {
        let secret = try SecretCertificate.generate(
            userIDs: ["<\(name)@example.org>"], at: Timestamp(1_763_000_000))
        let uploaded = try succeed(
            await client.reply(
                "uploadOwnKeyRing", session(name), parts: [("key", secret.certificate.armored())]))
        let rings = uploaded.json?["data"]?["keyRings"]?.array
        guard case .integer(let id)? = rings?.first?["publicRing"]?["keys"]?.array?.first?["id"] else {
            throw TestFailure(uploaded.text)
        }
        keyIDs[name] = String(id)
    }

    func makeCertificate() async throws {
        let file = try Self.bundle("alice@example.org")
        let uploaded = try succeed(await upload(file))
        serial = try #require(uploaded.json?["data"]?["certificates"]?.array?.first?["serial"]?.text)
    }

    func makeSharedSerial() async throws {
        for isKnown in [true, false] {
            let uploaded = try succeed(
                await upload(Self.bundle("alice@example.org", isKnown: isKnown, serial: 4711)))
            let handle = try #require(uploaded.json?["data"]?["certificates"]?.array?.first?["serial"]?.text)
            sharedSerial = String(try #require(handle.split(separator: ":").last))
        }
    }

    func upload(
        _ file: [UInt8], password: String = "bundle", newPassword: String = ErrorStage.password
    ) async throws -> TestReply {
        try await client.reply(
            "uploadOwnCertificate", session("alice"),
            parts: [
                ("certificate", file), ("password", Array(password.utf8)), ("newPassword", Array(newPassword.utf8)),
            ])
    }

    func makeGuests() async throws {
        try invite("gus")
        let first = try await client.reply(
            "assignFirstGuestPassword",
            json: Self.json([
                "email": "gus@partner.example", "itemId": outbox.word(after: "item="), "newpass": Self.password,
                "question": "", "answer": "",
            ]))
        guestAuth = try #require(first.json?["auth"]?.text, "\(first.text)")
        try invite("wanda")
        item = try outbox.word(after: "item=")
    }

    private func invite(_ name: String) throws {
        let spool = Spool()
        try spool.append(Array("From: alice@example.org\r\nSubject: s\r\n\r\nhello\r\n".utf8))
        let address = try #require(EmailAddress("\(name)@partner.example"))
        try client.fixture.guard.hold(
            spool, for: [address], from: EmailAddress("alice@example.org"), language: "")
    }

    /// Deletes the keys of a user and exposes them.
    ///
    /// - Returns: the token of the address.
    func expose(_ name: String) async throws -> String {
        try await makeKey(name)
        let email = ["email": "\(name)@example.org"]
        _ = try succeed(await client.reply("supportDeleteUserKeys", query: email))
        let exposed = try succeed(await client.reply("supportExposeDeletedKeys", query: email))
        return String(try #require(exposed.text.split(separator: "/").last))
    }

    /// A PKCS#12 with the password `bundle`.
    static func bundle(_ address: String, isKnown: Bool = true, serial: UInt32? = nil) throws -> [UInt8] {
        let authorities = try authorities.get()
        let authority = isKnown ? authorities.known : authorities.unknown
        let identity = try authority.issue(address, .p256, serial: serial)
        return try Shell.check(
            "openssl",
            [
                "pkcs12", "-export", "-in", identity.certificateFile, "-inkey", identity.keyFile, "-passout",
                "pass:bundle",
            ])
    }

    static func json(_ members: [String: Any]) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: members), as: UTF8.self)
    }
}
