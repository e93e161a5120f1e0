import Libcrypto
import OpenPGP
import TestSupport
import Testing

@Suite struct KeyGenerationTests {
    private static let created = Timestamp(1_700_000_000)
    private static let password = SecretBytes(copying: Array("correct horse".utf8))

    private static func key(expiration: UInt32? = nil) throws -> SecretCertificate {
        try SecretCertificate.generate(
            userIDs: ["Alice <alice@example.org>", "Älice <alice@example.net>"], at: created, expiration: expiration)
    }

    private static func octets(_ secret: SecretBytes) -> [UInt8] {
        secret.withBytes { span in span.indices.map { span[$0] } }
    }

    @Test func makesAKeyThatJudgesRight() throws {
        let key = try Self.key(expiration: 1000)
        let certificate = key.certificate
        let later = Self.created.adding(seconds: 500)
        #expect(certificate.validity(at: later) == .valid)
        #expect(certificate.validity(at: Self.created.adding(seconds: -1)) == .notYetValid)
        let end = Self.created.adding(seconds: 1000)
        #expect(certificate.validity(at: end) == .expired(at: end))
        #expect(certificate.encryptionKeys(at: later).map(\.algorithm) == [.ecdh])
        #expect(certificate.encryptionKeys(at: end).isEmpty)
        #expect(certificate.verificationKeys(at: later) == [certificate.primaryKey])
        #expect(certificate.validUserIDs(at: later).map(\.emailAddress) == ["alice@example.org", "alice@example.net"])
        #expect(certificate.primaryUserID(at: later)?.string == "Alice <alice@example.org>")
        #expect(certificate.preferences(at: later).symmetric.first == .aes256)
        #expect(certificate.preferences(at: later).features == .seipdV1)
        #expect(!key.isLocked)
        #expect(try key.signingKey(at: later).userID == "Alice <alice@example.org>")
        #expect(key.decryptionKeys().count == 1)
        try CertificateCorpusTests.checkRoundTrip(key, "generated")
    }

    @Test func locksAndUnlocks() throws {
        let key = try Self.key()
        let locked = try key.locked(password: Self.password)
        #expect(locked.isLocked)
        #expect(locked.decryptionKeys().isEmpty)
        #expect(throws: OpenPGPError(.secretUnavailable, "")) { try locked.signingKey(at: Self.created) }
        let again = try SecretCertificate(parsing: Self.octets(locked.armored()))
        #expect(again.isLocked)
        #expect(throws: OpenPGPError(.wrongPassword, "")) {
            try again.unlocked(password: SecretBytes(copying: Array("wrong".utf8)))
        }
        let open = try again.unlocked(password: Self.password)
        #expect(open.serialized() == key.serialized())
        // Merging prefers what can be used.
        #expect(try locked.merged(with: key).serialized() == key.serialized())
        #expect(try key.merged(with: locked).serialized() == key.serialized())
    }

    @Test func refusesASecretOfAnotherKey() throws {
        let key = try Self.key()
        let other = try Self.key()
        var bytes = Self.octets(key.serialized())
        let foreign = Self.octets(other.serialized())
        // Version, time, algorithm, curve and point of the primary key, without the secret behind it.
        let publicPart = key.certificate.primaryKey.serializedBody.count
        let start = 2
        #expect(Array(bytes[start..<start + publicPart]) == key.certificate.primaryKey.serializedBody)
        bytes.replaceSubrange(start..<start + publicPart, with: foreign[start..<start + publicPart])
        let mixed = try SecretCertificate(parsing: bytes).merged(with: other.certificate)
        #expect(throws: OpenPGPError(.malformed, "")) { try mixed.signingKey(at: Self.created) }
    }

    @Test func refusesWrongArguments() {
        #expect(throws: OpenPGPError(.invalidArgument, "")) {
            try SecretCertificate.generate(userIDs: [""], at: Self.created)
        }
        #expect(throws: OpenPGPError(.invalidArgument, "")) {
            try SecretCertificate.generate(userIDs: ["a", "a"], at: Self.created)
        }
        #expect(throws: OpenPGPError(.invalidArgument, "")) {
            try SecretCertificate.generate(userIDs: ["a"], at: Timestamp(-1))
        }
    }

    @Test(.enabled(if: Shell.has("gpg"))) func worksInGnuPG() throws {
        for password in [nil, Self.password] {
            let home = try GnuPGHome()
            let key = try Self.key()
            let stored = try password.map { try key.locked(password: $0) } ?? key
            let loopback = ["--pinentry-mode", "loopback", "--passphrase", password == nil ? "" : "correct horse"]
            try home.run(loopback + ["--import"], input: Self.octets(stored.armored()))
            let message = Array("hello\n".utf8)
            let sealed = try home.run(["--armor", "--encrypt", "--recipient", "alice@example.org"], input: message)
            #expect(try home.run(loopback + ["--decrypt"], input: sealed) == message)
            let signature = try home.run(loopback + ["--detach-sign"], input: message)
            let packet = try #require(try Self.signature(signature))
            #expect(
                try packet.verify(
                    digest: try TestDigest.digest(packet.hash, message), with: key.certificate.primaryKey))
            // And back: what gpg exports is what was made.
            let exported = try Certificate(parsing: try home.publicKey("alice@example.org"))
            #expect(exported.fingerprint == key.fingerprint)
            #expect(exported.encryptionKeys(at: Self.created) == key.certificate.encryptionKeys(at: Self.created))
        }
    }

    @Test(arguments: ["sqop", "gosop"]) func worksInOtherImplementations(_ program: String) throws {
        guard Shell.has(program) else {
            print("\(program) is not installed: skipped")
            return
        }
        let folder = try TemporaryDirectory("sop")
        let key = try Self.key()
        try folder.write("key", Self.octets(key.armored()))
        try folder.write("cert", key.certificate.armored())
        let message = Array("hello\n".utf8)
        let sealed = try Shell.check(program, ["encrypt", folder.file("cert")], input: message)
        #expect(try Shell.check(program, ["decrypt", folder.file("key")], input: sealed) == message)
        let signature = try Shell.check(program, ["sign", folder.file("key")], input: message)
        try folder.write("sig", signature)
        try Shell.check(program, ["verify", folder.file("sig"), folder.file("cert")], input: message)
        let packet = try #require(try Self.signature(try Armor.decode(signature)[0].bytes))
        let verifier = try #require(key.certificate.verificationKeys(at: Self.created).first)
        #expect(try packet.verify(digest: try TestDigest.digest(packet.hash, message), with: verifier))
    }

    static func signature(_ bytes: [UInt8]) throws -> Signature? {
        var reader = PacketReader(bytes)
        return try reader.next().map { try Signature(parsingBody: $0.body) }
    }
}
