import Libcrypto
import Testing

@testable import OpenPGP

/// Opening private keys by the keys of their locks.
struct UnlockSecretsTests {
    private static let password = SecretBytes(copying: Array("correct horse".utf8))
    private static let wrong = SecretBytes(copying: Array("wrong".utf8))
    private static let time = Timestamp(1_800_000_000)

    private static func key(_ profile: KeyProfile) throws -> SecretCertificate {
        try SecretCertificate.generate(profile: profile, userIDs: ["Alice <alice@example.org>"], at: time)
    }

    @Test(arguments: [KeyProfile.compatible, .rfc9580], [SecretCertificate.PasswordLock.interoperable, .argon2])
    func secretsOpenWhatThePasswordOpens(_ profile: KeyProfile, _ lock: SecretCertificate.PasswordLock) throws {
        let open = try Self.key(profile)
        let (locked, made) = try open.lockedWithSecrets(password: Self.password, with: lock)
        #expect(locked.isLocked)
        let found = try locked.unlockSecrets(password: Self.password)
        #expect(found == made)
        #expect(!found.isEmpty)
        let read = try UnlockSecrets(parsing: found.serialized())
        #expect(read == found)
        #expect(try locked.unlocked(with: read).serialized() == open.serialized())
        #expect(throws: OpenPGPError(.wrongPassword, "")) { try locked.unlockSecrets(password: Self.wrong) }
        // A new lock, even under the same password, makes the old secrets useless.
        let again = try open.locked(password: Self.password, with: lock)
        #expect(throws: OpenPGPError(.wrongPassword, "")) { try again.unlocked(with: read) }
        #expect(throws: OpenPGPError(.wrongPassword, "")) { try locked.unlocked(with: UnlockSecrets()) }
    }

    /// The lock of old: the usage octet names the cipher, MD5 makes the key, a sum checks. And its successor, 255.
    @Test(arguments: [UInt8(9), 255]) func oldLocks(_ usage: UInt8) throws {
        let key = try Self.key(.compatible)
        let material = try #require(key.secrets[key.fingerprint])
        guard case .open(let secret) = material.state else { throw OpenPGPError(.invalidArgument, "not open") }
        let s2k = usage == 255 ? S2K.salted(.sha256, salt: [1, 2, 3, 4, 5, 6, 7, 8]) : .simple(.md5)
        let iv = [UInt8](repeating: 7, count: 16)
        var body = usage == 255 ? [255, 9] + s2k.serialized : [usage]
        body += iv
        let encryptor = try CFBEncryptor(.aes256, key: s2k.key(from: Self.password, count: 32), iv: iv)
        var sum: UInt16 = 0
        secret.withBytes { for index in $0.indices { sum &+= UInt16($0[index]) } }
        try secret.withBytes { try encryptor.update($0, into: &body) }
        let check = [UInt8(sum >> 8), UInt8(sum & 255)]
        try encryptor.update(check.span, into: &body)
        var reader = ByteReader(body, subject: "test")
        let locked = try SecretKeyMaterial(reading: &reader, of: material.key)
        var secrets = key.secrets
        secrets[key.fingerprint] = locked
        let certificate = SecretCertificate(certificate: key.certificate, secrets: secrets)
        let found = try certificate.unlockSecrets(password: Self.password)
        #expect(try certificate.unlocked(with: found).serialized() == key.serialized())
        #expect(throws: OpenPGPError(.wrongPassword, "")) { try certificate.unlockSecrets(password: Self.wrong) }
    }

    @Test func partsUnderOtherPasswordsStayLocked() throws {
        let key = try Self.key(.compatible)
        let locked = try key.locked(password: Self.password)
        var secrets = locked.secrets
        let subkey = try #require(key.certificate.allKeys.map(\.fingerprint).first { $0 != key.fingerprint })
        secrets[subkey] = try key.locked(password: Self.wrong).secrets[subkey]
        let mixed = SecretCertificate(certificate: key.certificate, secrets: secrets)
        let opened = try mixed.unlocked(with: mixed.unlockSecrets(password: Self.password))
        #expect(opened.isLocked)
        #expect(throws: Never.self) { try opened.signingKey(at: Self.time) }
        #expect(opened.decryptionKeys().isEmpty)
    }

    @Test func damagedRecordsAreRefused() throws {
        var secrets = UnlockSecrets(name: [1, 2, 3], key: Self.password)
        secrets[[4, 5]] = Self.wrong
        let bytes = try secrets.serialized().withBytes { span in span.indices.map { span[$0] } }
        for length in 0..<bytes.count {
            #expect(throws: OpenPGPError(.malformed, "")) {
                try UnlockSecrets(parsing: SecretBytes(copying: Array(bytes.prefix(length))))
            }
        }
        for damaged in [bytes + [0], [2] + bytes.dropFirst(), [1, 255, 255] + bytes.dropFirst(3)] {
            #expect(throws: OpenPGPError(.malformed, "")) {
                try UnlockSecrets(parsing: SecretBytes(copying: damaged))
            }
        }
        #expect(try UnlockSecrets(parsing: SecretBytes(copying: bytes)) == secrets)
    }
}
