import TestSupport
import Testing

@testable import Libcrypto

/// Secrets encrypted by OpenSSL's own tool to a transport key.
@Suite(.enabled(if: Shell.has("openssl"))) struct RSATransportKeyTests {
    private static let key = Result { try RSATransportKey.generate() }

    private static func encrypt(_ secret: [UInt8], _ key: RSATransportKey, _ options: [String]) throws -> [UInt8] {
        let folder = try TemporaryDirectory("rsa")
        try folder.write("key.der", key.publicKeyInfo)
        return try Shell.check(
            "openssl",
            ["pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", folder.file("key.der")]
                + options.flatMap { ["-pkeyopt", $0] }, input: secret
        )
    }

    private static let oaep = ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256"]

    private static func octets(_ secret: SecretBytes) -> [UInt8] {
        secret.withBytes { span in span.indices.map { span[$0] } }
    }

    @Test(arguments: [0, 1, 16, 318]) func opensOAEP(_ length: Int) throws {
        let key = try Self.key.get()
        let secret = [UInt8](repeating: 0x41, count: length)
        let ciphertext = try Self.encrypt(secret, key, Self.oaep)
        #expect(Self.octets(try key.decryptOAEP(ciphertext)) == secret)
        let copy = try RSATransportKey(pkcs8: key.pkcs8)
        #expect(copy.publicKeyInfo == key.publicKeyInfo)
        #expect(Self.octets(try copy.decryptOAEP(ciphertext)) == secret)
    }

    @Test func everyDefectOfOAEPIsOneError() throws {
        let key = try Self.key.get()
        let good = try Self.encrypt(Array("password".utf8), key, Self.oaep)
        var changed = good
        changed[200] ^= 1
        let wrongHash = try Self.encrypt(Array("password".utf8), key, ["rsa_padding_mode:oaep"])
        let wrongPadding = try Self.encrypt(Array("password".utf8), key, ["rsa_padding_mode:pkcs1"])
        let cases = [
            [], Array(good.dropLast()), good + [0], changed, wrongHash, wrongPadding,
            [UInt8](repeating: 0, count: key.size), [UInt8](repeating: 255, count: key.size),
        ]
        var messages = Set<String>()
        for ciphertext in cases {
            do { _ = try key.decryptOAEP(ciphertext) } catch { messages.insert("\(error)") }
        }
        #expect(messages == ["authentication-failed: RSA-OAEP failed"])
    }

    @Test(arguments: [0, 1, 31, 32, 33, 373]) func opensPKCS1(_ length: Int) throws {
        let key = try Self.key.get()
        let secret = (0..<length).map { UInt8(truncatingIfNeeded: $0 % 251) }
        let ciphertext = try Self.encrypt(secret, key, ["rsa_padding_mode:pkcs1"])
        #expect(Self.octets(try key.decryptPKCS1(ciphertext)) == secret)
    }

    /// Raw blocks with every kind of defect give a secret of their own, and the same one again.
    @Test func wrongPaddingGivesAnotherSecret() throws {
        let key = try Self.key.get()
        let size = key.size
        let padded = [0, 2] + [UInt8](repeating: 5, count: size - 3 - 4) + [0, 1, 2, 3, 4]
        func changing(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
            var block = padded
            change(&block)
            return block
        }
        let blocks = [
            changing { $0[1] = 1 }, changing { $0[1] = 3 }, changing { $0[9] = 0 }, changing { $0[2] = 0 },
            changing { $0[size - 5] = 1 }, [UInt8](repeating: 0, count: size),
        ]
        let right = try Self.encrypt(padded, key, ["rsa_padding_mode:none"])
        #expect(Self.octets(try key.decryptPKCS1(right)) == [1, 2, 3, 4])
        var seen = Set<[UInt8]>()
        for block in blocks {
            let ciphertext = try Self.encrypt(block, key, ["rsa_padding_mode:none"])
            let secret = Self.octets(try key.decryptPKCS1(ciphertext))
            #expect(secret.count == 32)
            #expect(Self.octets(try key.decryptPKCS1(ciphertext)) == secret)
            seen.insert(secret)
        }
        #expect(seen.count == blocks.count)
    }
}
