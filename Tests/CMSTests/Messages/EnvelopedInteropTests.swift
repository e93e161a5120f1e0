import CMS
import Libcrypto
import TestSupport
import Testing

/// Encryption to and from the openssl program.
@Suite struct EnvelopedInteropTests {
    struct Case: Sendable, CustomStringConvertible {
        let key: String
        let cipher: ContentCipher
        var transport = RSAKeyTransport.pkcs1
        var description: String { "\(key) \(cipher.rawValue) \(transport)" }
    }

    static let cases: [Case] =
        ["rsa", "p256", "p384", "p521"].flatMap { key in
            EnvelopedDataTests.ciphers.map { Case(key: key, cipher: $0) }
        }
        + [HashAlgorithm.sha1, .sha256, .sha384, .sha512].map {
            Case(key: "rsa", cipher: .aes256CBC, transport: .oaep($0))
        }

    @Test(arguments: cases) func opensslReadsOurs(_ test: Case) throws {
        let identity = try TestIdentity.named(test.key)
        for size in [0, 100, 70_000] {
            for identifier in [CertificateIdentifierForm.issuerAndSerial, .subjectKeyIdentifier] {
                let content = TestContent.bytes(size)
                let message = try encrypted(
                    content, to: [recipient("rsa-other"), recipient(test.key, test.transport, identifier: identifier)],
                    test.cipher)
                let output = try Shell.check(
                    "openssl",
                    [
                        "cms", "-decrypt", "-binary", "-inform", "DER", "-recip", identity.certificateFile, "-inkey",
                        identity.keyFile,
                    ], input: message)
                #expect(output == content)
            }
        }
    }

    @Test(arguments: cases) func readsOpenssl(_ test: Case) throws {
        let identity = try TestIdentity.named(test.key)
        let content = TestContent.bytes(70_000)
        let name = test.cipher.rawValue.split(separator: "-")
        var options: [String] = []
        switch test.transport {
        case .pkcs1: break
        case .oaep(let hash):
            options = [
                "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:\(hash)", "-keyopt", "rsa_mgf1_md:sha1",
            ]
        }
        if test.key.hasPrefix("p") { options = ["-keyopt", "ecdh_kdf_md:sha384"] }
        for extra in [[], ["-stream"], ["-keyid"]] {
            let message = try Shell.check(
                "openssl",
                [
                    "cms", "-encrypt", "-binary", "-outform", "DER",
                    "-\(name[0].prefix(3))-\(name[0].dropFirst(3))-\(name[1])",
                    "-recip", identity.certificateFile,
                ] + options + extra, input: content)
            let reader = try EnvelopedDataReader(CMSContent.parse(message))
            #expect(reader.cipher == test.cipher)
            #expect(try reader.decrypt(with: [identity.decryptionKey]).content == content, "\(extra)")
        }
    }

    @Test func oldCiphersAreForThePolicy() throws {
        let identity = try TestIdentity.named("rsa")
        for (option, cipher) in [
            ("-des3", ContentCipher.tripleDESCBC), ("-rc2-40-cbc", .rc2CBC40), ("-rc2-64-cbc", .rc2CBC64),
            ("-rc2", .rc2CBC128),
        ] {
            let message = try Shell.check(
                "openssl",
                [
                    "cms", "-provider", "default", "-provider", "legacy", "-encrypt", "-binary", "-outform", "DER",
                    option,
                    identity.certificateFile,
                ], input: TestContent.text)
            let reader = try EnvelopedDataReader(CMSContent.parse(message))
            #expect(reader.cipher == cipher)
            #expect(throws: CMSError(.refusedByPolicy, "")) { try reader.decrypt(with: [identity.decryptionKey]) }
            let lenient = try EnvelopedDataReader(CMSContent.parse(message, policy: .legacy))
            #expect(try lenient.decrypt(with: [identity.decryptionKey]).content == TestContent.text)
        }
    }
}
