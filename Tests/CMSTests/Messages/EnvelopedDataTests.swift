import Libcrypto
import TestSupport
import Testing

@testable import CMS

func encrypted(
    _ content: [UInt8], to recipients: [CMSRecipient], _ cipher: ContentCipher, piece: Int = 1 << 20
) throws -> [UInt8] {
    let output = TestContent.Collector()
    let writer = try EnvelopedDataWriter(recipients: recipients, cipher: cipher, sink: output.sink)
    try TestContent.push(content, piece: piece) { try writer.push($0) }
    try writer.finish()
    return output.bytes
}

func recipient(
    _ name: String, _ transport: RSAKeyTransport = .pkcs1, identifier: CertificateIdentifierForm = .issuerAndSerial
) throws -> CMSRecipient {
    CMSRecipient(try TestIdentity.named(name).certificate, transport: transport, identifier: identifier)
}

@Suite struct EnvelopedDataTests {
    static let ciphers = EnvelopedDataWriter.ciphers.sorted { $0.rawValue < $1.rawValue }

    @Test(arguments: ciphers, ["rsa", "p256", "p384", "p521"]) func readsItsOwn(
        _ cipher: ContentCipher, _ name: String
    ) throws {
        for identifier in [CertificateIdentifierForm.issuerAndSerial, .subjectKeyIdentifier] {
            let message = try encrypted(
                TestContent.text, to: [recipient("rsa-other"), recipient(name, identifier: identifier)], cipher)
            let parsed = try CMSContent.parse(message)
            #expect(parsed.kind == (cipher.isAuthenticated ? .authEnveloped : .enveloped))
            let reader = try EnvelopedDataReader(parsed)
            #expect(reader.cipher == cipher)
            #expect(reader.recipients.count == 2)
            let decrypted = try reader.decrypt(with: [TestIdentity.named(name).decryptionKey])
            #expect(decrypted.content == TestContent.text)
            #expect(decrypted.protection == (cipher.isAuthenticated ? .authenticated : .unauthenticated))
        }
    }

    @Test func piecesDoNotMatter() throws {
        let key = try TestIdentity.named("p256").decryptionKey
        for cipher in Self.ciphers {
            for size in TestContent.sizes {
                let content = TestContent.bytes(size)
                for piece in [1 << 20, 32768, 1000] {
                    let message = try encrypted(content, to: [recipient("p256")], cipher, piece: piece)
                    #expect(try EnvelopedDataReader(CMSContent.parse(message)).decrypt(with: [key]).content == content)
                }
            }
        }
    }

    @Test func memoryDoesNotGrowWithTheContent() throws {
        let output = TestContent.Collector()
        let writer = try EnvelopedDataWriter(recipients: [recipient("p256")], sink: output.sink)
        try writer.push(TestContent.bytes(1 << 20))
        // All but less than one piece is out before the end.
        #expect(output.bytes.count > 1 << 20 - 1 << 16)
        #expect(output.largest < 1 << 16)
    }

    @Test func gcmNoticesAnyChangedOctet() throws {
        let key = try TestIdentity.named("p256").decryptionKey
        let message = try encrypted(TestContent.text, to: [recipient("p256")], .aes256GCM)
        for index in message.indices {
            var changed = message
            changed[index] ^= 0x10
            let content = try? EnvelopedDataReader(CMSContent.parse(changed)).decrypt(with: [key]).content
            #expect(content == nil || content == TestContent.text, "octet \(index)")
        }
    }

    @Test func everyFailureLooksTheSame() throws {
        let key = try TestIdentity.named("rsa")
        let expected = CMSError(.notDecryptable, "")
        func fails(_ message: [UInt8], _ keys: [CMSDecryptionKey]) {
            #expect(throws: expected) { try EnvelopedDataReader(CMSContent.parse(message)).decrypt(with: keys) }
        }
        for cipher in [ContentCipher.aes256GCM, .aes256CBC] {
            var message = try encrypted(TestContent.bytes(1000), to: [recipient("rsa")], cipher)
            fails(message, [])
            fails(message, [try TestIdentity.named("rsa-other").decryptionKey])
            // Another key under the name of the right one: what comes out of RSA has no padding.
            let other = try TestIdentity.named("rsa-other").privateKey
            let wrong = CMSDecryptionKey(certificate: key.certificate, privateKey: other)
            if cipher == .aes256GCM { fails(message, [wrong]) }
            message[message.count - 12] ^= 1
            if cipher == .aes256GCM { fails(message, [key.decryptionKey]) }
        }
    }

    @Test func aWrongPaddingOfRSAGivesAlwaysTheSameOtherKey() throws {
        // In CBC the garbage that another key gives is taken for content one time in 256; whatever comes, it comes again.
        let key = try TestIdentity.named("rsa")
        let other = try TestIdentity.named("rsa-other").privateKey
        let wrong = CMSDecryptionKey(certificate: key.certificate, privateKey: other)
        var results: [[UInt8]?] = []
        for _ in 0..<40 {
            let message = try encrypted([1, 2, 3], to: [recipient("rsa")], .aes128CBC)
            let reader = try EnvelopedDataReader(CMSContent.parse(message))
            let (first, second) = (try? reader.decrypt(with: [wrong]), try? reader.decrypt(with: [wrong]))
            #expect(first?.content == second?.content)
            results.append(first?.content)
        }
        #expect(!results.contains([1, 2, 3]))
    }

    @Test func attemptsAreBounded() throws {
        // Every entry names our certificate and costs a pass over the content; the right one stands behind the bound.
        let key = try TestIdentity.named("p256")
        let wrong = Array(
            repeating: try CMSRecipient(key.certificate).info(SecretBytes.random(count: 32)).encoded, count: 4)
        let message = try encrypted(TestContent.text, to: [recipient("p256")], .aes256GCM)
        let infos = try EnvelopedDataTests.recipientInfos(message)
        func swapped(_ list: [[UInt8]]) -> [UInt8] {
            var result = message
            result.replaceSubrange(infos, with: DER.element(0x31, list))
            return result
        }
        let right = Array(message[infos].dropFirst(infos.count - (try innerCount(message[infos]))))
        let few = try EnvelopedDataReader(CMSContent.parse(swapped(Array(wrong.prefix(3)) + [right])))
        #expect(try few.decrypt(with: [key.decryptionKey]).content == TestContent.text)
        let many = try EnvelopedDataReader(CMSContent.parse(swapped(wrong + [right])))
        #expect(throws: CMSError(.notDecryptable, "")) { try many.decrypt(with: [key.decryptionKey]) }
    }

    /// Where the SET of recipients stands in a message that the writer made.
    private static func recipientInfos(_ message: [UInt8]) throws -> Range<Int> {
        var outer = BERReader(message)
        var info = try outer.inside(outer.next())
        _ = try info.next()
        var wrapper = try info.inside(info.next())
        var data = try wrapper.inside(wrapper.next())
        _ = try data.next()
        return try data.next().range
    }

    private func innerCount(_ set: ArraySlice<UInt8>) throws -> Int {
        var reader = BERReader(Array(set))
        return try reader.next().content.count
    }

    @Test func refusesWhatItCannotDo() throws {
        #expect(throws: CMSError(.unsupported, "")) { try encrypted([], to: [recipient("ed25519")], .aes256CBC) }
        #expect(throws: CMSError(.unsupported, "")) { try encrypted([], to: [recipient("rsa-pss")], .aes256CBC) }
        #expect(throws: CMSError(.invalidArgument, "")) { try encrypted([], to: [], .aes256CBC) }
        for cipher in ContentCipher.allCases where cipher.isLegacy {
            #expect(throws: CMSError(.refusedByPolicy, "")) { try encrypted([], to: [recipient("rsa")], cipher) }
        }
        var policy = CMSPolicy()
        policy.maximumRecipients = 2
        let many = try encrypted([], to: [recipient("rsa"), recipient("p256"), recipient("p384")], .aes256GCM)
        #expect(throws: CMSError(.limitExceeded, "")) {
            try EnvelopedDataReader(CMSContent.parse(many, policy: policy))
        }
        policy.maximumSize = 100
        #expect(throws: CMSError(.limitExceeded, "")) { try CMSContent.parse(many, policy: policy) }
    }
}
