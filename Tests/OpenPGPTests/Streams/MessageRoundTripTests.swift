import Libcrypto
import OpenPGP
import Testing

@Suite struct MessageRoundTripTests {
    static let now = Timestamp(1_790_000_000)

    static func key(_ name: String) throws -> SecretCertificate {
        try SecretCertificate.generate(userIDs: ["\(name) <\(name)@example.org>"], at: Timestamp(now.seconds - 1000))
    }

    static func sample(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 7) } }

    func encrypt(
        _ content: [UInt8], to certificates: [Certificate], signers: [SigningKey] = [], pieces: Int = 4096,
        options: EncryptionOptions = .init()
    ) throws -> [UInt8] {
        let recipients = try certificates.map {
            EncryptionRecipient(key: try #require($0.encryptionKeys(at: Self.now).first))
        }
        let encryptor = try MessageEncryptor(
            recipients: recipients, signers: signers, options: options, time: Self.now)
        var output: [UInt8] = []
        var start = 0
        while start < content.count {
            let end = min(start + pieces, content.count)
            try encryptor.push(Array(content[start..<end]), into: &output)
            start = end
        }
        try encryptor.finish(into: &output)
        return output
    }

    func decrypt(
        _ message: [UInt8], with keys: [DecryptionKey], certificates: [Certificate] = [], pieces: Int = 4096
    ) throws -> DecryptedMessage {
        let decryptor = MessageDecryptor(keys: keys, time: Self.now) { _ in certificates }
        var start = 0
        while start < message.count {
            let end = min(start + pieces, message.count)
            try decryptor.push(Array(message[start..<end]))
            start = end
        }
        return try decryptor.finish()
    }

    @Test(arguments: [0, 1, 21, 22, 511, 512, 2048, 32762, 32763, 32768, 70000, 1 << 20, 3 << 20])
    func everySizeComesBack(size: Int) throws {
        let bob = try Self.key("bob")
        let alice = try Self.key("alice")
        let content = Self.sample(size)
        for signers in [[], [try alice.signingKey(at: Self.now)]] {
            let message = try encrypt(
                content, to: [bob.certificate, alice.certificate], signers: signers, pieces: 10000)
            for reader in [bob, alice] {
                let result = try decrypt(
                    message, with: reader.decryptionKeys(), certificates: [alice.certificate], pieces: 60000)
                #expect(try result.content.bytes() == content)
                #expect(result.wasEncrypted)
                #expect(result.signatures.map(\.outcome) == signers.map { _ in .good })
                #expect(result.recipients.count == 2)
            }
        }
    }

    @Test func everyPieceSizeGivesTheSame() throws {
        let bob = try Self.key("bob")
        let signer = try bob.signingKey(at: Self.now)
        let content = Self.sample(1500)
        for pieces in 1...100 {
            let message = try encrypt(content, to: [bob.certificate], signers: [signer], pieces: pieces)
            let result = try decrypt(
                message, with: bob.decryptionKeys(), certificates: [bob.certificate], pieces: 101 - pieces)
            #expect(try result.content.bytes() == content)
            #expect(result.signatures.map(\.outcome) == [.good])
        }
    }

    @Test func everyFlippedByteIsNoticed() throws {
        let bob = try Self.key("bob")
        var options = EncryptionOptions()
        options.armor = false
        let message = try encrypt(
            Self.sample(100), to: [bob.certificate], signers: [try bob.signingKey(at: Self.now)], options: options)
        let keys = bob.decryptionKeys()
        for index in message.indices {
            var broken = message
            broken[index] ^= 0x01
            // One octet says nothing: the low bits of the bit count of the ephemeral key, whose octets stay the same.
            if index == 13, let result = try? decrypt(broken, with: keys) {
                #expect(try result.content.bytes() == Self.sample(100))
                continue
            }
            #expect(throws: OpenPGPError.self, "octet \(index)") { try decrypt(broken, with: keys) }
        }
        for count in 0..<message.count {
            #expect(throws: OpenPGPError.self, "\(count) octets") {
                try decrypt(Array(message[..<count]), with: keys)
            }
        }
        #expect(throws: OpenPGPError.self) { try decrypt(message + message, with: keys) }
        #expect(throws: OpenPGPError.self) { try decrypt(message + [0xCB, 6, 98, 0, 0, 0, 0, 0], with: keys) }
    }

    @Test func hiddenRecipientIsFound() throws {
        let bob = try Self.key("bob")
        let eve = try Self.key("eve")
        let content = Self.sample(5000)
        let key = try #require(bob.certificate.encryptionKeys(at: Self.now).first)
        let encryptor = try MessageEncryptor(recipients: [.init(key: key, isHidden: true)], time: Self.now)
        var message: [UInt8] = []
        try encryptor.push(content, into: &message)
        try encryptor.finish(into: &message)
        let result = try decrypt(message, with: eve.decryptionKeys() + bob.decryptionKeys())
        #expect(try result.content.bytes() == content)
        #expect(result.recipients == [.wildcard])
        let stranger = eve.decryptionKeys()
        #expect(throws: OpenPGPError(.notDecryptable, "")) { try decrypt(message, with: stranger) }
    }

    @Test func passwordOpens() throws {
        var options = EncryptionOptions()
        options.passwords = [SecretBytes(copying: Array("correct horse".utf8))]
        let encryptor = try MessageEncryptor(recipients: [], options: options, time: Self.now)
        var message: [UInt8] = []
        try encryptor.push(Self.sample(300), into: &message)
        try encryptor.finish(into: &message)
        let decryptor = MessageDecryptor(keys: [], passwords: options.passwords, time: Self.now) { _ in [] }
        try decryptor.push(message)
        #expect(try decryptor.finish().content.bytes() == Self.sample(300))
    }

    @Test func detachedSignatureCoversContent() throws {
        let alice = try Self.key("alice")
        let content = Array("Hello\nworld \r\nend".utf8)
        for mode in [SignatureMode.binary, .text] {
            let signer = try DetachedSigner(keys: [alice.signingKey(at: Self.now)], mode: mode, time: Self.now)
            signer.push(content)
            let signature = try signer.finish()
            func outcome(_ bytes: [UInt8]) throws -> [SignatureOutcome] {
                let verifier = try DetachedVerifier(hashes: Set(DetachedVerifier.hashes(of: signature)))
                for byte in bytes { verifier.push([byte]) }
                return try verifier.finish(signatures: signature, time: Self.now) { _ in [alice.certificate] }
                    .map(\.outcome)
            }
            #expect(try outcome(content) == [.good])
            #expect(try outcome(content + [33]) == [.bad])
            let canonical = Array("Hello\r\nworld \r\nend".utf8)
            #expect(try outcome(canonical) == [mode == .text ? .good : .bad])
        }
    }

    @Test func cleartextSignature() throws {
        let alice = try Self.key("alice")
        let text = Array("- dashed\nblank at end \t\n\nFrom here\nlast".utf8)
        let signed = try CleartextSignature.sign(text, keys: [alice.signingKey(at: Self.now)], time: Self.now)
        let found = try #require(
            try CleartextSignature.verify(Array("before\n".utf8) + signed, time: Self.now) { _ in [alice.certificate] })
        #expect(found.signatures.map(\.outcome) == [.good])
        #expect(found.range == 7..<7 + signed.count)
        #expect(found.text == text + [10])
        let changed = Array(String(decoding: signed, as: UTF8.self).replacing("here", with: "hear").utf8)
        let bad = try CleartextSignature.verify(changed, time: Self.now) { _ in [alice.certificate] }
        #expect(bad?.signatures.map(\.outcome) == [.bad])
    }

    @Test func walkerTellsEncryptedMessages() throws {
        let bob = try Self.key("bob")
        for armor in [true, false] {
            var options = EncryptionOptions()
            options.armor = armor
            let message = try encrypt(Self.sample(70000), to: [bob.certificate], options: options)
            for pieces in [1, 7, 1000, 100_000] {
                func verdict(_ bytes: [UInt8]) -> EncryptedMessageWalker.Verdict {
                    let walker = EncryptedMessageWalker()
                    var start = 0
                    while start < bytes.count {
                        let end = min(start + pieces, bytes.count)
                        walker.push(Array(bytes[start..<end]))
                        start = end
                    }
                    return walker.finish()
                }
                #expect(verdict(message) == .protected)
                #expect(verdict(message + message) == .notProtected)
                #expect(verdict(Array(message.dropLast(40))) == .notProtected)
                #expect(verdict(Array("Hello\n".utf8) + message) == .notProtected)
                #expect(verdict(message + Array("secret\n".utf8)) == .notProtected)
            }
        }
        let walker = EncryptedMessageWalker()
        walker.push(Array("-----BEGIN PGP MESSAGE-----\n\nSGVsbG8=\n-----END PGP MESSAGE-----\n".utf8))
        #expect(walker.finish() == .notProtected)
    }
}
