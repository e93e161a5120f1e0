import OpenPGP
import TestSupport
import Testing

/// Messages and signatures go both ways between us and RNP, which Thunderbird uses.
@Suite(.serialized, .enabled(if: Shell.has("rnp"))) struct RnpTests {
    private let folder: TemporaryDirectory
    init() throws { folder = try TemporaryDirectory("rnp") }

    private func rnp(_ arguments: [String], keys: String, input: [UInt8] = []) throws -> [UInt8] {
        try Shell.check(
            "rnp", ["--homedir", folder.path, "--keyfile", keys, "--notty", "--password", ""] + arguments, input: input)
    }

    /// A key of ours, and one of GnuPG for each kind. Given as the file with its secret part, too.
    private func key(_ kind: InteropTests.Kind?) throws -> (secret: SecretCertificate, file: String) {
        let secret =
            try kind.map { try InteropTests.gpg($0).secret }
            ?? SecretCertificate.generate(
                userIDs: ["a <a@example.org>"], at: Timestamp(InteropTests.now.seconds - 10))
        let octets = secret.serialized().withBytes { bytes in bytes.indices.map { bytes[$0] } }
        return (secret, try folder.write("key", octets))
    }

    @Test(arguments: [nil] + InteropTests.Kind.allCases.map(Optional.some))
    func messages(_ kind: InteropTests.Kind?) throws {
        let (secret, file) = try key(kind)
        for count in [0, 1, 2, 3, 70_000] {
            let content = Array(InteropTests.content[..<count])
            let ours = try InteropTests.encrypt(content, to: secret.certificate, signer: secret)
            // With a signature that is not good RNP ends with an error.
            #expect(try rnp(["--decrypt", "--output", "-"], keys: file, input: ours) == content, "\(count)")
        }
        for extra in [[], ["--armor"], ["--zlib"], ["--zip"], ["-z", "0"]] {
            let theirs = try rnp(
                ["--encrypt", "--sign", "-r", "a@example.org", "-u", "a@example.org", "--output", "-"] + extra,
                keys: file, input: InteropTests.content)
            let result = try InteropTests.decrypt(theirs, secret)
            #expect(try result.content.bytes() == InteropTests.content)
            #expect(result.signatures.map(\.outcome) == [.good], "\(extra)")
        }
        let opaque = try rnp(
            ["--sign", "-u", "a@example.org", "--output", "-"], keys: file, input: InteropTests.content)
        let read = try InteropTests.decrypt(opaque, secret)
        #expect(read.signatures.map(\.outcome) == [.good] && !read.wasEncrypted)
    }

    @Test(arguments: [nil] + InteropTests.Kind.allCases.map(Optional.some))
    func signatures(_ kind: InteropTests.Kind?) throws {
        let (secret, file) = try key(kind)
        let now = InteropTests.now
        let signer = try DetachedSigner(keys: [try secret.signingKey(at: now)], time: now)
        signer.push(InteropTests.text)
        let signature = try folder.write("ours.sig", try signer.finish())
        let data = try folder.write("data", InteropTests.text)
        _ = try rnp(["--verify", signature, "--source", data], keys: file)
        try folder.write("data", InteropTests.text + [0])
        #expect(throws: TestFailure.self) { try rnp(["--verify", signature, "--source", data], keys: file) }

        let theirs = try rnp(
            ["--sign", "--detach", "-u", "a@example.org", "--output", "-"], keys: file, input: InteropTests.text)
        let verifier = try DetachedVerifier(hashes: Set(DetachedVerifier.hashes(of: theirs)))
        verifier.push(InteropTests.text)
        let results = try verifier.finish(signatures: theirs, time: now) { _ in [secret.certificate] }
        #expect(results.map(\.outcome) == [.good])

        let clear = try CleartextSignature.sign(InteropTests.text, keys: [try secret.signingKey(at: now)], time: now)
        _ = try rnp(["--verify", try folder.write("ours.asc", clear)], keys: file)
        let cleartext = try rnp(
            ["--clearsign", "-u", "a@example.org", "--output", "-"], keys: file, input: InteropTests.text)
        let found = try #require(try CleartextSignature.verify(cleartext, time: now) { _ in [secret.certificate] })
        #expect(found.signatures.map(\.outcome) == [.good])
    }
}
