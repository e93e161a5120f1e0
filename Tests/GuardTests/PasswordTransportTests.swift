import Libcrypto
import TestSupport
import Testing

@testable import Guard

@Suite(.enabled(if: Shell.has("openssl"))) struct PasswordTransportTests {
    private static func encrypt(_ password: String, _ key: String, _ padding: [String]) throws -> String {
        let folder = try TemporaryDirectory("transport")
        let der = try #require(Base64.decode(Array(key.utf8)))
        try folder.write("key.der", der)
        let ciphertext = try Shell.check(
            "openssl",
            ["pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", folder.file("key.der")]
                + padding.flatMap { ["-pkeyopt", $0] }, input: Array(password.utf8))
        return Base64Text.encode(ciphertext)
    }

    private static let oaep = ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256"]
    private static let pkcs1 = ["rsa_padding_mode:pkcs1"]

    @Test func passwordsComeThroughUntilAnHourAfterTheNextKey() throws {
        let test = try TestGuard()
        let key = try test.service.transportKey()
        let sent = try Self.encrypt("pässword", key, Self.oaep)
        #expect(TestGuard.text(try test.service.openTransported(sent)) == "pässword")
        try test.service.rotateTransportKey()
        let next = try test.service.transportKey()
        #expect(next != key)
        #expect(TestGuard.text(try test.service.openTransported(sent)) == "pässword")
        test.pass(seconds: 3599)
        #expect(TestGuard.text(try test.service.openTransported(sent)) == "pässword")
        test.pass(seconds: 61)
        #expect(throws: GuardError(.credentialsRefused, "")) { try test.service.openTransported(sent) }
        try test.service.expireOldThings()
        #expect(try test.store.passwordKeys(now: 0).count == 1)
        // A day later there is another one.
        test.pass(seconds: 86_400)
        #expect(try test.service.transportKey() != next)
    }

    @Test func everyFailureIsOneErrorAtOnePrice() throws {
        let test = try TestGuard()
        let key = try test.service.transportKey()
        let good = try Self.encrypt("password", key, Self.oaep)
        var changed = try #require(Base64.decode(Array(good.utf8)))
        changed[100] ^= 1
        let failures = [
            "", "%%%", "AAAA", String(repeating: "A", count: 5000), Base64Text.encode(changed),
            Base64Text.encode([UInt8](repeating: 255, count: 384)), try Self.encrypt("password", key, Self.pkcs1),
            try Self.encrypt("password", key, ["rsa_padding_mode:oaep"]), try Self.encrypt("", key, Self.oaep),
        ]
        var seen = Set<String>()
        var steps = Set<[GuardStep: Int]>()
        _ = test.steps.take()
        for text in failures {
            do {
                _ = try test.service.openTransported(text)
                Issue.record("\(text) opened")
            } catch { seen.insert("\(error)") }
            steps.insert(test.steps.take())
        }
        #expect(seen.count == 1)
        #expect(steps == [[.rsa: 1]])
    }

    @Test func oldPaddingOnlyWhereItIsAllowedAndWithoutTelling() throws {
        let test = try TestGuard { $0.passwords.acceptsPKCS1 = true }
        let key = try test.service.transportKey()
        let sent = try Self.encrypt("password", key, Self.pkcs1)
        #expect(TestGuard.text(try test.service.openTransported(sent)) == "password")
        var changed = try #require(Base64.decode(Array(sent.utf8)))
        changed[100] ^= 1
        _ = test.steps.take()
        let other = try test.service.openTransported(Base64Text.encode(changed))
        #expect(TestGuard.text(other) != "password")
        #expect(test.steps.take() == [.rsa: 2])
    }
}
