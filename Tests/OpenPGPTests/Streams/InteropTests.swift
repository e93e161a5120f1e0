import Foundation
import Libcrypto
import OpenPGP
import TestSupport
import Testing

/// Messages and signatures go both ways between us and other implementations, for every algorithm of keys.
@Suite(.serialized) struct InteropTests {
    static var now: Timestamp { Timestamp(Int64(Date().timeIntervalSince1970)) }
    static let content = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8) }
    static let text = Array("Hello\r\n- dashed\r\nblank at end \t\r\n\r\nFrom here\r\nlast\r\n".utf8)

    enum Kind: String, CaseIterable, Sendable {
        case rsa, ed25519, nistp256, nistp384, nistp521

        var parameters: String {
            switch self {
            case .rsa: "Key-Type: RSA\nKey-Length: 2048\nKey-Usage: sign,cert\nSubkey-Type: RSA\nSubkey-Length: 2048\n"
            case .ed25519:
                "Key-Type: EDDSA\nKey-Curve: ed25519\nKey-Usage: sign,cert\nSubkey-Type: ECDH\nSubkey-Curve: cv25519\n"
            default:
                "Key-Type: ECDSA\nKey-Curve: \(rawValue)\nKey-Usage: sign,cert\nSubkey-Type: ECDH\nSubkey-Curve: \(rawValue)\n"
            }
        }
    }

    static func gpg(_ kind: Kind) throws -> (home: GnuPGHome, secret: SecretCertificate) {
        let home = try GnuPGHome()
        let rest = "Subkey-Usage: encrypt\nName-Email: a@example.org\nExpire-Date: 0\n%no-protection\n%commit\n"
        try home.run(["--gen-key"], input: Array((kind.parameters + rest).utf8))
        return (home, try SecretCertificate(parsing: home.secretKey("a@example.org")))
    }

    static func encrypt(
        _ content: [UInt8], to certificate: Certificate, signer: SecretCertificate? = nil, hidden: Bool = false,
        options: EncryptionOptions = .init()
    ) throws -> [UInt8] {
        let key = try #require(certificate.encryptionKeys(at: now).first)
        let encryptor = try MessageEncryptor(
            recipients: [.init(key: key, isHidden: hidden)], signers: signer.map { [try $0.signingKey(at: now)] } ?? [],
            options: options, time: now)
        var output: [UInt8] = []
        for start in stride(from: 0, to: content.count, by: 10_000) {
            try encryptor.push(Array(content[start..<min(start + 10_000, content.count)]), into: &output)
        }
        try encryptor.finish(into: &output)
        return output
    }

    static func decrypt(_ message: [UInt8], _ secret: SecretCertificate, passwords: [SecretBytes] = []) throws
        -> DecryptedMessage
    {
        let decryptor = MessageDecryptor(keys: secret.decryptionKeys(), passwords: passwords, time: now) { _ in
            [secret.certificate]
        }
        for start in stride(from: 0, to: message.count, by: 4001) {
            try decryptor.push(Array(message[start..<min(start + 4001, message.count)]))
        }
        return try decryptor.finish()
    }

    @Test(arguments: Kind.allCases) func gnupg(_ kind: Kind) throws {
        let (home, secret) = try Self.gpg(kind)
        // Sizes in all three classes of base64 padding: GnuPG 2.2 reads armor without padding in its own way.
        for count in [0, 1, 2, 3, 4, 5, 6, 70_000] {
            let content = Array(Self.content[..<count])
            let message = try Self.encrypt(content, to: secret.certificate, signer: secret, hidden: count == 5)
            let read = try home.decryptWithStatus(message)
            #expect(read.content == content, "\(count)")
            #expect(read.status.contains("GOODSIG") && read.status.contains("DECRYPTION_OKAY"), "\(read.status)")
        }
        let address = "a@example.org"
        for extra in [
            [], ["--hidden-recipient", address], ["--compress-algo", "none"], ["--compress-algo", "zlib"],
            ["--compress-algo", "bzip2"],
        ] {
            let recipient = extra.first == "--hidden-recipient" ? extra : ["--recipient", address] + extra
            let message = try home.run(["--armor", "--sign", "--encrypt"] + recipient, input: Self.content)
            let result = try Self.decrypt(message, secret)
            #expect(try result.content.bytes() == Self.content)
            #expect(result.signatures.map(\.outcome) == [.good], "\(extra)")
        }
        let asText = try home.run(["--sign", "--encrypt", "--textmode", "--recipient", address], input: Self.text)
        #expect(try Self.decrypt(asText, secret).signatures.map(\.outcome) == [.good])
        let opaque = try Self.decrypt(try home.run(["--sign"], input: Self.content), secret)
        #expect(opaque.signatures.map(\.outcome) == [.good])
        #expect(!opaque.wasEncrypted)
        try Self.detached(home, secret)
        try Self.cleartext(home, secret)
    }

    static func detached(_ home: GnuPGHome, _ secret: SecretCertificate) throws {
        for mode in [SignatureMode.binary, .text] {
            let theirs = try home.signDetached(text, as: "a@example.org", text: mode == .text)
            let verifier = try DetachedVerifier(hashes: Set(DetachedVerifier.hashes(of: theirs)))
            verifier.push(text)
            let results = try verifier.finish(signatures: theirs, time: now) { _ in [secret.certificate] }
            #expect(results.map(\.outcome) == [.good])

            let signer = try DetachedSigner(keys: [try secret.signingKey(at: now)], mode: mode, time: now)
            signer.push(text)
            let folder = try TemporaryDirectory("sig")
            try folder.write("data", text)
            try folder.write("sig", try signer.finish())
            try home.run(["--verify", folder.file("sig"), folder.file("data")])
        }
    }

    static func cleartext(_ home: GnuPGHome, _ secret: SecretCertificate) throws {
        let theirs = try home.run(["--clearsign"], input: text)
        let read = try #require(try CleartextSignature.verify(theirs, time: now) { _ in [secret.certificate] })
        #expect(read.signatures.map(\.outcome) == [.good])
        let ours = try CleartextSignature.sign(text, keys: [try secret.signingKey(at: now)], time: now)
        let result = try Shell.run("gpg", ["--homedir", home.path, "--status-fd", "1", "--verify"], input: ours)
        #expect(result.text.contains("GOODSIG"), "\(result.error)")
    }

    @Test func gnupgPasswords() throws {
        let home = try GnuPGHome()
        let password = SecretBytes(copying: Array("secret".utf8))
        let arguments = ["--pinentry-mode", "loopback", "--passphrase", "secret"]
        let theirs = try home.run(arguments + ["--symmetric", "--cipher-algo", "AES192"], input: Self.content)
        let own = try SecretCertificate.generate(userIDs: ["x"], at: Timestamp(Self.now.seconds - 10))
        #expect(try Self.decrypt(theirs, own, passwords: [password]).content.bytes() == Self.content)
        var options = EncryptionOptions()
        options.passwords = [password]
        let ours = try Self.encrypt(Self.content, to: own.certificate, options: options)
        #expect(try home.run(arguments + ["--decrypt"], input: ours) == Self.content)
    }

    /// Stateless implementations share their command line.
    @Test(arguments: ["sqop", "gosop"]) func stateless(_ program: String) throws {
        guard Shell.has(program) else { return }
        let folder = try TemporaryDirectory("sop")
        let made = try Shell.check(program, ["generate-key", "--no-armor", "Alice <a@example.org>"])
        var keys = [
            try SecretCertificate.generate(userIDs: ["b <b@example.org>"], at: Timestamp(Self.now.seconds - 10))
        ]
        if let theirs = try? SecretCertificate(parsing: made) { keys.append(theirs) }
        for kind in Kind.allCases { keys.append(try Self.gpg(kind).secret) }
        for (index, secret) in keys.enumerated() {
            let key = try folder.write(
                "key\(index)", secret.serialized().withBytes { bytes in (0..<bytes.count).map { bytes[$0] } })
            let certificate = try folder.write("cert\(index)", secret.certificate.serialized())
            for count in [0, 1, 2, 3, 70_000] {
                // gosop writes everything as UTF-8 text.
                let content = Self.content[..<count].map { program == "gosop" ? $0 & 63 | 32 : $0 }
                let message = try Self.encrypt(content, to: secret.certificate, signer: secret)
                let verified = folder.file("out\(index)-\(count)")
                let verify = program == "sqop" ? "--verifications-out=" : "--verify-out="
                let read = try Shell.check(
                    program, ["decrypt", "--verify-with=\(certificate)", verify + verified, key], input: message)
                #expect(read == content)
                #expect(try !folder.read("out\(index)-\(count)").isEmpty, "the signature was not accepted")
            }
            let theirs = try Shell.check(
                program, ["encrypt", "--sign-with=\(key)", certificate], input: Self.content)
            let result = try Self.decrypt(theirs, secret)
            #expect(try result.content.bytes() == Self.content)
            #expect(result.signatures.map(\.outcome) == [.good])

            let signer = try DetachedSigner(keys: [try secret.signingKey(at: Self.now)], time: Self.now)
            signer.push(Self.text)
            let ours = try folder.write("sig\(index)", try signer.finish())
            try Shell.check(program, ["verify", ours, certificate], input: Self.text)
            let signature = try Shell.check(program, ["sign", key], input: Self.text)
            let verifier = try DetachedVerifier(hashes: Set(DetachedVerifier.hashes(of: signature)))
            verifier.push(Self.text)
            #expect(
                try verifier.finish(signatures: signature, time: Self.now) { _ in [secret.certificate] }.map(\.outcome)
                    == [.good])
        }
    }
}
