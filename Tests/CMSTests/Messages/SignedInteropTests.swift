import CMS
import Libcrypto
import TestSupport
import Testing

/// Signatures to and from the openssl program.
@Suite struct SignedInteropTests {
    struct Case: Sendable, CustomStringConvertible {
        let key: String
        let hash: HashAlgorithm
        var pss = false
        var description: String { "\(key) \(hash)\(pss ? " PSS" : "")" }
        var name: String { "\(hash)" }
    }

    static let cases: [Case] =
        ["rsa", "p256", "p384", "p521"].flatMap { key in
            [HashAlgorithm.sha256, .sha384, .sha512].map { Case(key: key, hash: $0) }
        } + [HashAlgorithm.sha256, .sha384, .sha512].map { Case(key: "rsa", hash: $0, pss: true) }

    @Test(arguments: cases) func opensslReadsOurs(_ test: Case) throws {
        let identity = try TestIdentity.named(test.key)
        let scratch = try TemporaryDirectory("cms")
        let content = TestContent.bytes(70_000)
        let contentFile = try scratch.write("content", content)
        for form in [SignedDataWriter.Form.detached, .opaque] {
            for identifier in [CertificateIdentifierForm.issuerAndSerial, .subjectKeyIdentifier] {
                let signer = try signer(test.key, pss: test.pss, hash: test.hash, identifier: identifier)
                let file = try scratch.write("message", try signed(content, by: [signer], form))
                let arguments = [
                    "cms", "-verify", "-binary", "-inform", "DER", "-in", file, "-CAfile", identity.certificateFile,
                    "-cades",
                ]
                let output = try Shell.check(
                    "openssl", arguments + (form == .detached ? ["-content", contentFile] : []))
                #expect(output == content)
            }
        }
    }

    @Test(arguments: cases) func readsOpenssl(_ test: Case) throws {
        let identity = try TestIdentity.named(test.key)
        let scratch = try TemporaryDirectory("cms")
        let content = TestContent.bytes(70_000)
        let file = try scratch.write("content", content)
        // The program cannot stream PSS itself: "illegal zero content".
        let streams = test.pss ? [] : [["-nodetach", "-stream"]]
        for extra in [[], ["-nodetach"], ["-keyid"], ["-noattr"], ["-cades"], ["-nosmimecap"]] + streams {
            let message = try Shell.check(
                "openssl",
                [
                    "cms", "-sign", "-binary", "-outform", "DER", "-in", file, "-signer", identity.certificateFile,
                    "-inkey",
                    identity.keyFile, "-md", test.name,
                ] + (test.pss ? ["-keyopt", "rsa_padding_mode:pss"] : []) + extra)
            let reader = try SignedDataReader(CMSContent.parse(message))
            let report = reader.isDetached ? try reader.verify(detached: content) : try reader.verify()
            #expect(report.signers.map(\.outcome) == [.valid], "\(extra)")
            #expect(report.findings.isEmpty)
            #expect(report.signers.first?.hash == test.hash)
            if !reader.isDetached { #expect(try reader.content() == content) }
        }
    }

    @Test func verifiesWithoutEmbeddedCertificates() throws {
        let identity = try TestIdentity.named("rsa")
        let message = try Shell.check(
            "openssl",
            [
                "cms", "-sign", "-binary", "-outform", "DER", "-nocerts", "-signer", identity.certificateFile, "-inkey",
                identity.keyFile,
            ], input: TestContent.text)
        let reader = try SignedDataReader(CMSContent.parse(message))
        #expect(try reader.verify(detached: TestContent.text).signers.map(\.outcome) == [.certificateMissing])
        let given = try reader.verify(detached: TestContent.text, certificates: [identity.certificate])
        #expect(given.signers.map(\.outcome) == [.valid])
    }

    @Test func oldHashesAreForThePolicy() throws {
        let identity = try TestIdentity.named("rsa")
        for hash in ["md5", "sha1"] {
            let message = try Shell.check(
                "openssl",
                [
                    "cms", "-sign", "-binary", "-outform", "DER", "-md", hash, "-signer", identity.certificateFile,
                    "-inkey",
                    identity.keyFile,
                ], input: TestContent.text)
            for (policy, outcome) in [(CMSPolicy.standard, SignerOutcome.weakAlgorithm(hash)), (.legacy, .valid)] {
                let reader = try SignedDataReader(CMSContent.parse(message, policy: policy))
                #expect(try reader.verify(detached: TestContent.text).signers.map(\.outcome) == [outcome])
            }
        }
    }

    @Test func certificatesOnly() throws {
        let identity = try TestIdentity.named("rsa")
        let message = try Shell.check(
            "openssl", ["crl2pkcs7", "-nocrl", "-certfile", identity.certificateFile, "-outform", "DER"])
        let parsed = try CMSContent.parse(message)
        #expect(parsed.kind == .certificatesOnly)
        let reader = try SignedDataReader(parsed)
        #expect(reader.certificates == [identity.certificate])
        #expect(reader.findings == [.noSigners, .certificatesOnly])
    }
}
