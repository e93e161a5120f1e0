import Libcrypto
import TestSupport
import Testing

@testable import OpenPGP

/// Nothing secret stays behind in the memory of the process once its owner is gone. The scan reads all of it, so these tests
/// run one after the other, and canaries are only ever written down XOR 0xA5.
@Suite(.serialized, .disabled(if: Sanitizer.isActive)) struct MemoryCanaryTests {
    private static let now = Timestamp(1_790_000_000)

    /// A secret that exists nowhere else, with its masked form.
    private func canary(count: Int) throws -> (secret: SecretBytes, masked: [UInt8]) {
        let secret = try SecretBytes.random(count: count)
        return (secret, secret.withBytes { bytes in bytes.indices.map { bytes[$0] ^ 0xA5 } })
    }

    @Test func scanFindsWhatIsThere() throws {
        let (secret, masked) = try canary(count: 24)
        #expect(try MemoryScan.occurrences(ofMasked: masked) >= 1)
        withExtendedLifetime(secret) {}
    }

    @Test func passwordIsGone() throws {
        func work() throws -> [UInt8] {
            let (password, masked) = try canary(count: 24)
            let key = try SecretCertificate.generate(userIDs: ["a@example.org"], at: Self.now)
            let locked = try key.locked(password: password)
            let opened = try locked.unlocked(password: password)
            _ = try opened.signingKey(at: Self.now)
            return masked
        }
        #expect(try MemoryScan.occurrences(ofMasked: work()) == 0)
    }

    @Test func privateKeyIsGone() throws {
        func work() throws -> [[UInt8]] {
            let key = try SecretCertificate.generate(userIDs: ["b@example.org"], at: Self.now)
            let masked = key.secretNumbersMasked()
            let signer = try DetachedSigner(keys: [key.signingKey(at: Self.now)], time: Self.now)
            signer.push([1, 2, 3])
            _ = try signer.finish()
            let recipient = EncryptionRecipient(key: try #require(key.certificate.encryptionKeys(at: Self.now).first))
            let encryptor = try MessageEncryptor(recipients: [recipient], time: Self.now)
            var message: [UInt8] = []
            try encryptor.push([1, 2, 3], into: &message)
            try encryptor.finish(into: &message)
            let decryptor = MessageDecryptor(keys: key.decryptionKeys(), time: Self.now) { _ in [] }
            try decryptor.push(message)
            #expect(try decryptor.finish().content.bytes() == [1, 2, 3])
            return masked
        }
        let masked = try work()
        #expect(masked.count == 2)
        for number in masked { #expect(try MemoryScan.occurrences(ofMasked: number) == 0) }
    }

    @Test func messagePasswordIsGone() throws {
        func work() throws -> [UInt8] {
            let (password, masked) = try canary(count: 24)
            var options = EncryptionOptions()
            options.passwords = [password]
            let encryptor = try MessageEncryptor(recipients: [], options: options, time: Self.now)
            var message: [UInt8] = []
            try encryptor.push([7, 8, 9], into: &message)
            try encryptor.finish(into: &message)
            let decryptor = MessageDecryptor(keys: [], passwords: [password], time: Self.now) { _ in [] }
            try decryptor.push(message)
            #expect(try decryptor.finish().content.bytes() == [7, 8, 9])
            return masked
        }
        #expect(try MemoryScan.occurrences(ofMasked: work()) == 0)
    }

    @Test func sessionKeyIsGone() throws {
        func work() throws -> [UInt8] {
            let (secret, masked) = try canary(count: 32)
            let bob = try SecretCertificate.generate(userIDs: ["c@example.org"], at: Self.now)
            let recipient = EncryptionRecipient(key: try #require(bob.certificate.encryptionKeys(at: Self.now).first))
            let sessionKey = try SessionKey(.aes256, key: secret)
            let packet = try EncryptedSessionKey(parsingBody: sessionKey.sealed(for: recipient, version: 3))
            let found = try packet.open(with: try #require(bob.decryptionKeys().first), cipher: nil)
            #expect(found.key == secret)
            var output: [UInt8] = []
            let writer = try IntegrityProtectedWriter(.aes256, sessionKey: found.key) { output.append($0) }
            try writer.push([1, 2, 3].span) { output.append($0) }
            try writer.finish { output.append($0) }
            #expect(output.count > 40)
            return masked
        }
        #expect(try MemoryScan.occurrences(ofMasked: work()) == 0)
    }
}

extension SecretCertificate {
    /// The 32 octets of each of our two secret numbers, masked: they end right before the checksum of their packet, which
    /// the next packet or the end follows.
    fileprivate func secretNumbersMasked() -> [[UInt8]] {
        serialized().withBytes { bytes in
            var found: [[UInt8]] = []
            var position = 0
            // New-format packets; our own have lengths below 8384.
            while position + 2 < bytes.count {
                let tag = bytes[position] & 0x3F
                var header = 2
                var length = Int(bytes[position + 1])
                if length >= 192 {
                    length = (length - 192) << 8 + Int(bytes[position + 2]) + 192
                    header = 3
                }
                let end = position + header + length
                guard end <= bytes.count else { return found }
                if tag == 5 || tag == 7 {
                    // 24 octets suffice, and a number that begins with zeros has fewer than 32.
                    found.append((end - 2 - 24..<end - 2).map { bytes[$0] ^ 0xA5 })
                }
                position = end
            }
            return found
        }
    }
}
