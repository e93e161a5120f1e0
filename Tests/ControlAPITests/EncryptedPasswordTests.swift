import Foundation
import Guard
import HTTPTypes
import Libcrypto
import OpenPGP
import TestSupport
import Testing

@testable import ControlAPI

/// `e_password`: nothing tells what is wrong with one, not the answer and not what guardd spends on it.
@Suite(.enabled(if: Shell.has("openssl"))) struct EncryptedPasswordTests {
    private static let password = "correct horse battery"
    private static let oaep = ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256"]

    private let fixture: ControlFixture
    private let session: String
    private let id: Int64

    private init(_ change: (inout GuardSettings) -> Void) async throws {
        var settings = GuardSettings()
        settings.passwords.failuresBeforeLock = 1000
        settings.recovery.isOffered = true
        change(&settings)
        fixture = try ControlFixture(settings: settings)
        session = try fixture.session("alice@example.org")
        // One part is one hash for each password that is tried.
        let secret = try SecretCertificate.generate(
            userIDs: ["<alice@example.org>"], at: Timestamp(1_763_000_000), canEncrypt: false)
        let kept = await fixture.post(
            "/oxguard/keys?action=upload&session=\(session)",
            parts: [
                ("key", secret.serialized().withBytes { span in span.indices.map { span[$0] } }),
                ("newPassword", Array(Self.password.utf8)),
            ])
        try #require(kept.code == nil, "\(kept.text)")
        id = Int64(bitPattern: secret.certificate.keyID.value)
    }

    init() async throws { try await self.init { _ in } }

    /// Encrypts to the key that the login hands out, or to another.
    private func encrypt(_ text: String, _ options: [String], foreign: Bool = false) async throws -> [UInt8] {
        let login = await fixture.post("/oxguard/login?action=login&session=\(session)", json: "{}")
        var der = try #require(Base64.decode(Array((login.json?["pubKey"]?.text ?? "").utf8)))
        if foreign { der = try RSATransportKey.generate().publicKeyInfo }
        let folder = try TemporaryDirectory("epassword")
        try folder.write("key.der", der)
        return try Shell.check(
            "openssl",
            ["pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", folder.file("key.der")]
                + options.flatMap { ["-pkeyopt", $0] }, input: Array(text.utf8))
    }

    /// Everything that is wrong, by name.
    private func wrong() async throws -> [(String, String)] {
        func text(_ octets: [UInt8]) -> String { Data(octets).base64EncodedString() }
        let good = try await encrypt(Self.password, Self.oaep)
        var wrong: [(String, String)] = [
            ("no base64", "%%%"), ("blank", " "), ("short", "AAAA"), ("long", String(repeating: "A", count: 4092)),
            ("too long", String(repeating: "A", count: 60_000)),
            ("zero", text([UInt8](repeating: 0, count: good.count))),
            ("one", text([UInt8](repeating: 0, count: good.count - 1) + [1])),
            ("above the modulus", text([UInt8](repeating: 255, count: good.count))),
            ("an octet less", text(Array(good.dropLast()))), ("an octet more", text(good + [0])),
            ("a zero in front", text([0] + good)), ("twice", text(good + good)), ("reversed", text(good.reversed())),
            ("of another key", text(try await encrypt(Self.password, Self.oaep, foreign: true))),
            ("of PKCS#1", text(try await encrypt(Self.password, ["rsa_padding_mode:pkcs1"]))),
            ("of SHA-1", text(try await encrypt(Self.password, ["rsa_padding_mode:oaep"]))),
            (
                "with another mask",
                text(
                    try await encrypt(
                        Self.password, ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha1"]))
            ),
            (
                "with a label",
                text(try await encrypt(Self.password, Self.oaep + ["rsa_oaep_label:6c6162656c"]))
            ),
            ("an empty password", text(try await encrypt("", Self.oaep))),
            ("of the longest", text(try await encrypt(String(repeating: "x", count: 318), Self.oaep))),
            ("a wrong password", text(try await encrypt("wrong horse battery", Self.oaep))),
            ("plus an octet", text(try await encrypt(Self.password + "\0", Self.oaep))),
            ("less an octet", text(try await encrypt(String(Self.password.dropLast()), Self.oaep))),
        ]
        for position in [0, 1, good.count / 2, good.count - 1] {
            var changed = good
            changed[position] ^= 1
            wrong.append(("a bit changed in octet \(position)", text(changed)))
        }
        return wrong
    }

    /// Requests to every operation that asks for a password that is there already.
    private var operations: [(name: String, send: (String) async -> TestReply)] {
        func form(_ target: String, _ fields: [String: String]) -> (String) async -> TestReply {
            { text in
                await fixture.post(
                    target + "&session=\(session)", form: fields.merging(["e_password": text]) { $1 })
            }
        }
        func json(_ target: String, _ more: String = "") -> (String) async -> TestReply {
            { text in
                await fixture.post(target + "&session=\(session)", json: "{\"e_password\":\"\(text)\"\(more)}")
            }
        }
        return [
            ("login", json("/oxguard/login?action=login")),
            ("auth", json("/oxguard/auth?action=login", ",\"minutesValid\":5")),
            ("changesecondary", json("/oxguard/login?action=changesecondary", ",\"email\":\"a@elsewhere.example\"")),
            ("deleterecovery", form("/oxguard/login?action=deleterecovery", [:])),
            ("getKey", form("/oxguard/keys?action=getKey", ["keyType": "private"])),
            ("downloadKey", form("/oxguard/keys?action=downloadKey", ["keyType": "private"])),
            (
                "addUserId",
                form("/oxguard/keys?action=addUserId", ["keyid": "\(id)", "name": "x", "email": "x@a.example"])
            ),
            ("revoke", form("/oxguard/keys?action=revoke", ["keyid": "\(id)"])),
            ("delete", form("/oxguard/keys?action=delete", ["keyid": "\(id)"])),
        ]
    }

    /// What an answer tells, and what it cost.
    private struct Look: Hashable {
        let status: Int
        let text: String
        let fields: [String]
        let steps: [GuardStep: Int]
    }

    private func look(_ reply: TestReply) -> Look {
        Look(
            status: reply.status, text: reply.text.replacing(/"error_id":"[^"]*"/, with: ""),
            fields: reply.reply.fields.map { "\($0.name): \($0.value)" }.sorted(), steps: fixture.steps.take())
    }

    @Test func allThatIsWrongLooksLikeAWrongPassword() async throws {
        let wrong = try await wrong()
        let other = Data(try await encrypt("some other password", Self.oaep)).base64EncodedString()
        for (name, send) in operations {
            _ = fixture.steps.take()
            let plain = look(await send(other))
            #expect(plain.text.contains("PGP-CORE-0003"), "\(name): \(plain.text)")
            #expect(plain.steps[.passwordHash] == 1 && plain.steps[.rsa] == 1, "\(name): \(plain.steps)")
            // Argon2 each time: all of them on one operation, two on the others.
            for (what, text) in name == "login" ? wrong : [wrong[0], wrong[wrong.count - 1]] {
                let found = look(await send(text))
                #expect(found == plain, "\(name), \(what): \(found)")
            }
        }
    }

    /// Where the old padding is allowed too, a right one in either is not told from a wrong one.
    @Test func neitherPaddingIsToldWhereBothAreTaken() async throws {
        let both = try await EncryptedPasswordTests { $0.passwords.acceptsPKCS1 = true }
        let login = both.operations[0].send
        var looks: Set<Look> = []
        var wrong = try await both.wrong().filter { $0.0 != "of PKCS#1" }.map(\.1)
        wrong.append(
            Data(try await both.encrypt("wrong horse battery", ["rsa_padding_mode:pkcs1"])).base64EncodedString())
        _ = both.fixture.steps.take()
        for text in wrong { looks.insert(both.look(await login(text))) }
        #expect(looks.count == 1, "\(looks)")
        for padding in [Self.oaep, ["rsa_padding_mode:pkcs1"]] {
            let right = try await both.encrypt(Self.password, padding)
            #expect(await login(Data(right).base64EncodedString()).json?["auth"]?.text?.count == 43)
        }
    }

    /// Those that do not open are guesses too.
    @Test func malformedOnesLockTheAccount() async throws {
        let strict = try await EncryptedPasswordTests { $0.passwords.failuresBeforeLock = 5 }
        let login = strict.operations[0].send
        for _ in 0..<5 { #expect(await login("AAAA").code == "PGP-CORE-0003") }
        let right = try await strict.encrypt(Self.password, Self.oaep)
        #expect(await login(Data(right).base64EncodedString()).code == "GRD-AUTH-0003")
    }

    /// A password that is to be set has to open: nobody wants a key under one that nobody knows.
    @Test func newPasswordsHaveToOpen() async throws {
        for (what, text) in try await wrong().prefix(16) {
            let made = await fixture.post(
                "/oxguard/keys?action=create&session=\(session)", form: ["name": "x", "e_password": text])
            #expect(made.code == "GRD-AUTH-0002", "\(what): \(made.text)")
        }
        let right = Data(try await encrypt("a new password", Self.oaep)).base64EncodedString()
        let made = await fixture.post(
            "/oxguard/keys?action=create&session=\(session)", form: ["name": "x", "e_password": right])
        #expect(made.code == nil)
        let login = await fixture.post(
            "/oxguard/login?action=login&session=\(session)", json: "{\"encr_password\":\"a new password\"}")
        #expect(login.json?["auth"]?.text?.count == 43)
    }
}
