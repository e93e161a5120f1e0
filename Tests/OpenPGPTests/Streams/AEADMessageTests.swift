import Libcrypto
import TestSupport
import Testing

@testable import OpenPGP

/// Messages of version 2: who gets them, that they come back, and that nothing in them can be changed.
@Suite struct AEADMessageTests {
    typealias Base = MessageRoundTripTests

    private static func encrypt(
        _ content: [UInt8], to recipients: [EncryptionRecipient], signers: [SigningKey] = [], pieces: Int = 5000,
        _ change: (inout EncryptionOptions) -> Void = { _ in }
    ) throws -> [UInt8] {
        var options = EncryptionOptions()
        options.armor = false
        change(&options)
        let encryptor = try MessageEncryptor(
            recipients: recipients, signers: signers, options: options, time: Base.now)
        var output: [UInt8] = []
        for start in stride(from: 0, to: content.count, by: pieces) {
            try encryptor.push(Array(content[start..<min(start + pieces, content.count)]), into: &output)
        }
        try encryptor.finish(into: &output)
        return output
    }

    private static func read(
        _ message: [UInt8], _ keys: [SecretCertificate] = [], passwords: [SecretBytes] = [], pieces: Int = 7001,
        options: MessageDecryptor.Options = .init()
    ) throws -> DecryptedMessage {
        let decryptor = MessageDecryptor(
            keys: keys.flatMap { $0.decryptionKeys() }, passwords: passwords, options: options, time: Base.now
        ) { _ in keys.map(\.certificate) }
        for start in stride(from: 0, to: message.count, by: pieces) {
            try decryptor.push(Array(message[start..<min(start + pieces, message.count)]))
        }
        return try decryptor.finish()
    }

    static func key(_ profile: KeyProfile) throws -> SecretCertificate {
        try SecretCertificate.generate(
            profile: profile, userIDs: ["A <a@example.org>"], at: Timestamp(Base.now.seconds - 1000))
    }

    private static func recipient(_ key: SecretCertificate, hidden: Bool = false) throws -> EncryptionRecipient {
        try #require(EncryptionRecipient(of: key.certificate, isHidden: hidden, at: Base.now))
    }

    @Test(arguments: KeyProfile.allCases.filter { $0 != .rsa4096 }) func everyProfileWorks(_ profile: KeyProfile) throws
    {
        let key = try Self.key(profile)
        #expect(key.certificate.primaryKey.version == profile.version)
        #expect(key.certificate.fingerprint.bytes.count == (profile.version == 6 ? 32 : 20))
        #expect(key.certificate.validity(at: Base.now) == .valid)
        try CertificateCorpusTests.checkRoundTrip(key, profile.rawValue)
        let signer = try key.signingKey(at: Base.now)
        for hidden in [false, true] {
            for container in [EncryptionOptions.Container.automatic, .seipdV1, .seipdV2] {
                let message = try Self.encrypt(
                    Base.sample(3000), to: [Self.recipient(key, hidden: hidden)], signers: [signer]
                ) { $0.container = container }
                let result = try Self.read(message, [key])
                #expect(try result.content.bytes() == Base.sample(3000))
                #expect(result.signatures.map(\.outcome) == [.good])
                let isAEAD = container == .seipdV2 || container == .automatic && profile.version == 6
                #expect(
                    result.protection
                        == (isAEAD
                            ? .aead(profile.version == 6 ? CipherSuite(.aes256, .ocb) : .mandatory)
                            : .modificationDetection(.aes256)))
                #expect(result.recipients.map(\.isWildcard) == [hidden])
                var known = MessageDecryptor.Options()
                known.sessionKeys = [try #require(result.sessionKey)]
                #expect(try Self.read(message, options: known).content.bytes() == Base.sample(3000))
            }
        }
    }

    @Test func oneReaderOfTheOldFormDecidesForAll() throws {
        let (new, old) = (try Self.key(.rfc9580), try Self.key(.compatible))
        let message = try Self.encrypt([1, 2, 3], to: [Self.recipient(new), Self.recipient(old)])
        for reader in [new, old] {
            #expect(try Self.read(message, [reader]).protection == .modificationDetection(.aes256))
        }
    }

    /// Around the size of a chunk, and none at all.
    @Test(arguments: [0, 1, 65520, 65522, 65523, 65528, 65535, 65536, 65537, 131_072, 200_000])
    func everySizeComesBack(_ size: Int) throws {
        let key = try Self.key(.rfc9580)
        let content = Base.sample(size)
        for aead in [AEADID.ocb, .eax, .gcm] {
            // The writer only takes OCB and GCM by itself; the chunks are the same for all.
            var sealed: [UInt8] = []
            let secret = try SecretBytes.random(count: 32)
            let writer = try AEADWriter(CipherSuite(.aes256, aead), sessionKey: secret) { sealed.append($0) }
            for start in stride(from: 0, to: size, by: 10007) {
                try writer.push(Array(content[start..<min(start + 10007, size)]).span) { sealed.append($0) }
            }
            try writer.finish { sealed.append($0) }
            var packets = PacketReader(sealed)
            let body = Array(try #require(try packets.next()).body)
            let header = try ContainerHeader(Array(body[..<36]), .symmetricallyEncryptedIntegrityProtectedData)
            for pieces in [1 << 20, 4099] {
                let reader = try header.reader(SessionKey(.aes256, key: secret))
                var plain: [UInt8] = []
                for start in stride(from: 36, to: body.count, by: pieces) {
                    try reader.push(Array(body[start..<min(start + pieces, body.count)]).span) { plain.append($0) }
                }
                #expect(try reader.finish { plain.append($0) })
                #expect(plain == content)
            }
        }
        let message = try Self.encrypt(content, to: [Self.recipient(key)])
        #expect(try Self.read(message, [key]).content.bytes() == content)
    }

    @Test func everyPieceSizeGivesTheSame() throws {
        let key = try Self.key(.rfc9580)
        let content = Base.sample(1500)
        for pieces in 1...100 {
            let message = try Self.encrypt(
                content, to: [Self.recipient(key)], signers: [key.signingKey(at: Base.now)], pieces: pieces)
            let result = try Self.read(message, [key], pieces: 101 - pieces)
            #expect(try result.content.bytes() == content)
            #expect(result.signatures.map(\.outcome) == [.good])
        }
    }

    @Test func nothingCanBeChangedOrCutOff() throws {
        let key = try Self.key(.rfc9580)
        let message = try Self.encrypt(Base.sample(300), to: [Self.recipient(key)])
        for index in message.indices {
            var changed = message
            changed[index] ^= 0x41
            #expect(throws: OpenPGPError.self, "octet \(index)") { try Self.read(changed, [key]) }
            #expect(throws: OpenPGPError.self, "cut at \(index)") { try Self.read(Array(message[..<index]), [key]) }
        }
    }

    @Test func chunksAreGivenOutAsSoonAsTheyAreAuthentic() throws {
        let key = try Self.key(.rfc9580)
        let content = Base.sample(300_000)
        let message = try Self.encrypt(content, to: [Self.recipient(key)])
        var given: [UInt8] = []
        func decryptor() -> MessageDecryptor {
            MessageDecryptor(
                keys: key.decryptionKeys(), time: Base.now, certificates: { _ in [] }, sink: { given.append($0) })
        }
        let whole = decryptor()
        try whole.push(Array(message[..<200_000]))
        #expect(given.count > 100_000 && given.elementsEqual(content[..<given.count]))
        try whole.push(Array(message[200_000...]))
        _ = try whole.finish()
        #expect(given == content)
        given = []
        var changed = message
        changed[message.count - 1] ^= 1
        let broken = decryptor()
        #expect(throws: OpenPGPError(.notDecryptable, "")) { try broken.push(changed) }
        // CFB says only at its end whether anything was authentic.
        given = []
        let old = try Self.encrypt(content, to: [Self.recipient(key)]) { $0.container = .seipdV1 }
        let waiting = decryptor()
        try waiting.push(Array(old.dropLast(30)))
        #expect(given.isEmpty)
        try waiting.push(Array(old.suffix(30)))
        _ = try waiting.finish()
        #expect(given == content)
    }

    @Test func passwordsOpenBothForms() throws {
        let password = SecretBytes(copying: Array("correct horse".utf8))
        let wrong = SecretBytes(copying: Array("wrong horse".utf8))
        for container in [EncryptionOptions.Container.automatic, .seipdV2] {
            let message = try Self.encrypt([1, 2, 3], to: []) {
                $0.container = container
                $0.passwords = [password]
            }
            let result = try Self.read(message, passwords: [wrong, password])
            #expect(try result.content.bytes() == [1, 2, 3])
            #expect(
                result.protection
                    == (container == .automatic ? .modificationDetection(.aes256) : .aead(CipherSuite(.aes256, .ocb))))
            #expect(throws: OpenPGPError.self) { try Self.read(message, passwords: [wrong]) }
        }
    }

    @Test func costlyPasswordsAreRefused() throws {
        let password = SecretBytes(copying: Array("x".utf8))
        let salt = [UInt8](repeating: 7, count: 16)
        func key(_ passes: UInt8, _ lanes: UInt8, _ memory: UInt8) throws {
            _ = try S2K.argon2(salt: salt, passes: passes, parallelism: lanes, memory: memory)
                .key(from: password, count: 32)
        }
        try key(1, 1, 3)
        #expect(throws: OpenPGPError(.limitExceeded, "")) { try key(1, 1, 22) }
        #expect(throws: OpenPGPError(.limitExceeded, "")) { try key(255, 1, 20) }
        for (passes, lanes, memory) in [(0, 1, 10), (1, 0, 10), (1, 4, 4), (1, 1, 2), (1, 1, 63)]
            as [(UInt8, UInt8, UInt8)]
        {
            #expect(throws: OpenPGPError(.malformed, "")) { try key(passes, lanes, memory) }
        }
    }

    /// Session keys of one version say nothing in front of a container of the other.
    @Test func versionsAreNotMixed() throws {
        let key = try Self.key(.rfc9580)
        let recipient = try Self.recipient(key)
        for version in [3, 6] as [UInt8] {
            let secret = try SecretBytes.random(count: 32)
            var message: [UInt8] = []
            PacketWriter.write(
                .publicKeyEncryptedSessionKey,
                body: try SessionKey(.aes256, key: secret).sealed(for: recipient, version: version), into: &message)
            let literal: [UInt8] = [0xCB, 7, UInt8(ascii: "b"), 0, 0, 0, 0, 0, 9]
            let writer: any ProtectedDataWriter =
                version == 3
                ? try AEADWriter(CipherSuite(.aes256, .ocb), sessionKey: secret) { message.append($0) }
                : try IntegrityProtectedWriter(.aes256, sessionKey: secret) { message.append($0) }
            try writer.push(literal.span) { message.append($0) }
            try writer.finish { message.append($0) }
            #expect(throws: OpenPGPError(.noUsableKey, "")) { try Self.read(message, [key]) }
        }
    }

    /// The packet of GnuPG 2.4, made here because Debian's GnuPG cannot.
    @Test func packetOfGnuPGIsRead() throws {
        let key = try Self.key(.compatible)
        let suite = CipherSuite(.aes256, .ocb)
        let secret = try SecretBytes.random(count: 32)
        let nonce = try SecureRandom.bytes(15)
        let content = Base.sample(300)
        var literal: [UInt8] = []
        PacketWriter.write(.literalData, body: [UInt8(ascii: "b"), 0, 0, 0, 0, 0] + content, into: &literal)
        // Chunks of 64 octets.
        let chunks = try AEADChunks(gnupg: suite, sizeOctet: 0, sessionKey: secret, nonce: nonce)
        var body: [UInt8] = [1, 9, 2, 0] + nonce
        var index: UInt64 = 0
        for start in stride(from: 0, to: literal.count, by: 64) {
            let chunk = Array(literal[start..<min(start + 64, literal.count)])
            try chunks.seal(chunk.span, index: index, into: &body)
            index += 1
        }
        try chunks.seal([UInt8]().span, index: index, total: UInt64(literal.count), into: &body)
        var message: [UInt8] = []
        PacketWriter.write(
            .publicKeyEncryptedSessionKey,
            body: try SessionKey(.aes256, key: secret).sealed(for: Self.recipient(key), version: 3), into: &message)
        PacketWriter.write(.gnupgAEADData, body: body, into: &message)
        let result = try Self.read(message, [key], pieces: 13)
        #expect(try result.content.bytes() == content)
        #expect(result.protection == .gnupgAEAD(suite))
        message[message.count - 40] ^= 1
        #expect(throws: OpenPGPError(.notDecryptable, "")) { try Self.read(message, [key]) }
    }

    @Test(arguments: [KeyProfile.rfc9580, .ed448, .compatible]) func locksBindThePublicHalf(_ profile: KeyProfile)
        throws
    {
        let key = try Self.key(profile)
        let password = SecretBytes(copying: Array("pass".utf8))
        for lock in [SecretCertificate.PasswordLock.interoperable, .argon2] {
            let locked = try key.locked(password: password, with: lock)
            #expect(locked.isLocked)
            let bytes = locked.serialized().withBytes { span in span.indices.map { span[$0] } }
            let again = try SecretCertificate(parsing: bytes)
            #expect(again.certificate == key.certificate)
            #expect(throws: OpenPGPError(.wrongPassword, "")) {
                try again.unlocked(password: SecretBytes(copying: Array("other".utf8)))
            }
            let open = try again.unlocked(password: password)
            #expect(open.decryptionKeys().count == 1)
            _ = try open.signingKey(at: Base.now)
        }
    }

    /// A cleartext and a detached signature with salts.
    @Test func saltedSignaturesVerify() throws {
        let key = try Self.key(.rfc9580)
        let signer = try key.signingKey(at: Base.now)
        let text = Array("hello  \n- dash\n".utf8)
        let block = try CleartextSignature.sign(text, keys: [signer], time: Base.now)
        #expect(!String(decoding: block, as: UTF8.self).contains("Hash:"))
        let found = try #require(try CleartextSignature.verify(block, time: Base.now) { _ in [key.certificate] })
        #expect(found.signatures.map(\.outcome) == [.good])

        let detached = try DetachedSigner(keys: [signer], time: Base.now)
        detached.push(text)
        let signature = try detached.finish()
        let blind = try DetachedVerifier(hashes: [SaltedHash(.sha256)])
        let missing = try blind.missingHashes(for: signature)
        #expect(missing.count == 1 && missing.first?.salt.count == 16)
        let verifier = try DetachedVerifier(hashes: missing)
        verifier.push(text)
        let results = try verifier.finish(signatures: signature, time: Base.now) { _ in [key.certificate] }
        #expect(results.map(\.outcome) == [.good])
    }
}
