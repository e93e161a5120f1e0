import CMS
import Libcrypto
import TestSupport
import Testing

/// A home of gpgsm with the key and certificate of an identity, which it trusts.
private final class GpgSMHome {
    let directory = Result { try TemporaryDirectory("gpgsm") }
    let identity: TestIdentity

    init(_ name: String) throws {
        identity = try TestIdentity.named(name)
        let directory = try directory.get()
        try directory.write("gpgsm.conf", "disable-crl-checks\ndisable-policy-checks\nno-secmem-warning\nbatch\n")
        let printed = try Shell.check(
            "openssl", ["x509", "-in", identity.certificateFile, "-noout", "-fingerprint", "-sha1"])
        let fingerprint = String(decoding: printed, as: UTF8.self).split(separator: "=").last ?? ""
        try directory.write("trustlist.txt", "\(fingerprint.filter { $0 != "\n" }) S relax\n")
    }

    /// Its reader of PKCS#12 guesses, and misses for some salts.
    func importKey() throws {
        let file = try directory.get().file("key.p12")
        for attempt in 1...5 {
            try Shell.check(
                "openssl",
                [
                    "pkcs12", "-export", "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1",
                    "-in",
                    identity.certificateFile, "-inkey", identity.keyFile, "-out", file, "-passout", "pass:abc",
                ])
            do {
                try run(["--import", file], input: Array("abc\n".utf8))
                return
            } catch  where attempt < 5 {}
        }
    }
    func importCertificate() throws { try run(["--import", identity.certificateFile]) }

    @discardableResult
    func run(_ arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
        try Shell.check(
            "gpgsm",
            ["--homedir", try directory.get().path, "--pinentry-mode", "loopback", "--passphrase-fd", "0"] + arguments,
            input: input)
    }

    deinit {
        if let path = try? directory.get().path { _ = try? Shell.run("gpgconf", ["--homedir", path, "--kill", "all"]) }
    }
}

/// gpgsm 2.2 can sign and decrypt with RSA keys and verify ECDSA.
@Suite(.enabled(if: Shell.has("gpgsm")), .serialized) struct GpgSMInteropTests {
    @Test func signatures() throws {
        let home = try GpgSMHome("rsa")
        try home.importKey()
        let scratch = try TemporaryDirectory("cms")
        let file = try scratch.write("content", TestContent.text)
        let password = Array("abc\n".utf8)
        for options in [["--detach-sign"], ["--sign"]] {
            let message = try home.run(
                options + ["--include-certs", "-1", "--local-user", "rsa@example.org", file], input: password)
            let reader = try SignedDataReader(CMSContent.parse(message))
            let report = reader.isDetached ? try reader.verify(detached: TestContent.text) : try reader.verify()
            #expect(report.signers.map(\.outcome) == [.valid])
            #expect(report.signers.first?.certificate == home.identity.certificate)
        }
        for pss in [false, true] {
            let signature = try scratch.write(
                "signature", try signed(TestContent.text, by: [signer("rsa", pss: pss)], .detached))
            try home.run(["--verify", signature, file])
            let opaque = try scratch.write(
                "opaque", try signed(TestContent.text, by: [signer("rsa", pss: pss)], .opaque))
            try home.run(["--verify", opaque])
        }
    }

    /// It takes no hash for a certificate on P-521.
    @Test(arguments: ["p256", "p384"]) func verifiesECDSA(_ name: String) throws {
        let home = try GpgSMHome(name)
        try home.importCertificate()
        let scratch = try TemporaryDirectory("cms")
        let file = try scratch.write("content", TestContent.text)
        let signature = try scratch.write("signature", try signed(TestContent.text, by: [signer(name)], .detached))
        try home.run(["--verify", signature, file])
    }

    @Test func encryption() throws {
        let home = try GpgSMHome("rsa")
        try home.importKey()
        let scratch = try TemporaryDirectory("cms")
        let content = TestContent.bytes(70_000)
        let file = try scratch.write("content", content)
        for cipher in ["AES128", "AES256"] {
            let message = try home.run(["--encrypt", "--cipher-algo", cipher, "-r", "rsa@example.org", file])
            let reader = try EnvelopedDataReader(CMSContent.parse(message))
            #expect(try reader.decrypt(with: [home.identity.decryptionKey]).content == content)
        }
        // Its libksba has no room for a nonce of 12 octets, from openssl neither.
        for cipher in [ContentCipher.aes128CBC, .aes256CBC] {
            let message = try scratch.write("message", try encrypted(content, to: [recipient("rsa")], cipher))
            #expect(try home.run(["--decrypt", message], input: Array("abc\n".utf8)) == content)
        }
    }
}

private enum PythonCryptography {
    /// Whether the version that is installed, if any, has this name.
    static func has(_ name: String) -> Bool {
        let line = "from cryptography.hazmat.primitives.serialization.pkcs7 import \(name)"
        return (try? Shell.run("python3", ["-c", line]))?.status == 0
    }
}

/// Python's cryptography reads and writes the RSA part of S/MIME.
@Suite(.enabled(if: PythonCryptography.has("PKCS7SignatureBuilder"))) struct PythonInteropTests {
    private let preamble = """
        import sys
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding
        from cryptography.hazmat.primitives.ciphers import algorithms
        from cryptography.hazmat.primitives.serialization import pkcs7
        certificate = x509.load_pem_x509_certificate(open(sys.argv[1], 'rb').read())
        key = serialization.load_pem_private_key(open(sys.argv[2], 'rb').read(), None)
        content = sys.stdin.buffer.read()
        out = sys.stdout.buffer

        """

    private func python(_ script: String, _ name: String, _ input: [UInt8]) throws -> [UInt8] {
        let identity = try TestIdentity.named(name)
        return try Shell.check(
            "python3", ["-c", preamble + script, identity.certificateFile, identity.keyFile], input: input)
    }

    @Test(arguments: [
        ("rsa", HashAlgorithm.sha256), ("rsa", .sha384), ("rsa", .sha512), ("p256", .sha256), ("p384", .sha384),
        ("p521", .sha512),
    ])
    func readsItsSignatures(_ name: String, _ hash: HashAlgorithm) throws {
        for options in ["pkcs7.PKCS7Options.DetachedSignature, ", ""] {
            let message = try python(
                """
                builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, hashes.\("\(hash)".uppercased())())
                out.write(builder.sign(serialization.Encoding.DER, [\(options)pkcs7.PKCS7Options.Binary]))
                """, name, TestContent.text)
            let reader = try SignedDataReader(CMSContent.parse(message))
            let report = reader.isDetached ? try reader.verify(detached: TestContent.text) : try reader.verify()
            #expect(report.signers.map(\.outcome) == [.valid])
        }
    }

    @Test func readsItsPSS() throws {
        let message = try python(
            """
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
            builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, hashes.SHA256(), rsa_padding=pss)
            out.write(builder.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary]))
            """, "rsa", TestContent.text)
        #expect(try SignedDataReader(CMSContent.parse(message)).verify().signers.map(\.outcome) == [.valid])
    }

    @Test(.enabled(if: PythonCryptography.has("PKCS7EnvelopeBuilder")), arguments: ["128", "256"]) func encryption(
        _ bits: String
    ) throws {
        let identity = try TestIdentity.named("rsa")
        let content = TestContent.bytes(5000)
        let message = try python(
            """
            builder = pkcs7.PKCS7EnvelopeBuilder().set_data(content).add_recipient(certificate)
            builder = builder.set_content_encryption_algorithm(algorithms.AES\(bits))
            out.write(builder.encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary]))
            """, "rsa", content)
        let reader = try EnvelopedDataReader(CMSContent.parse(message))
        #expect(try reader.decrypt(with: [identity.decryptionKey]).content == content)
    }
}
