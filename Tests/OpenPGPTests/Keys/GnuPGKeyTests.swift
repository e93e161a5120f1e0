import Libcrypto
import OpenPGP
import TestSupport
import Testing

/// Keys made by GnuPG of every kind in scope: read, unlocked, judged, used.
@Suite(.enabled(if: Shell.has("gpg")), .serialized) struct GnuPGKeyTests {
    /// Later than the keys, which GnuPG makes "now".
    private static let soon = Timestamp(4_000_000_000)
    private static let policy: AlgorithmPolicy = {
        var policy = AlgorithmPolicy.standard
        policy.keys[.dsa2048, .signature] = .always
        return policy
    }()
    private static let password = SecretBytes(copying: Array("pass word".utf8))

    private static func make(_ home: GnuPGHome, _ primary: String, _ subkey: String?, expire: String = "0") throws {
        let address = "alice@example.org"
        let common = ["--pinentry-mode", "loopback", "--passphrase", "pass word"]
        try home.run(common + ["--quick-generate-key", "Alice <\(address)>", primary, "sign,cert", expire])
        if let subkey {
            let fingerprint = try home.fingerprint(address)
            try home.run(common + ["--quick-add-key", fingerprint, subkey, "encr", expire])
        }
    }

    private static func export(_ home: GnuPGHome) throws -> [UInt8] {
        try home.run([
            "--pinentry-mode", "loopback", "--passphrase", "pass word", "--armor", "--export-secret-keys",
            "alice@example.org",
        ])
    }

    @Test(arguments: [
        ("rsa2048", "rsa2048"), ("rsa3072", "rsa3072"), ("ed25519", "cv25519"), ("nistp256", "nistp256"),
        ("nistp384", "nistp384"), ("nistp521", "nistp521"), ("brainpoolP256r1", "brainpoolP256r1"),
        ("brainpoolP384r1", "brainpoolP512r1"),
        ("dsa2048", nil),
    ]) func readsUnlocksAndUses(_ primary: String, _ subkey: String?) throws {
        let home = try GnuPGHome()
        try Self.make(home, primary, subkey)
        let locked = try SecretCertificate(parsing: try Self.export(home))
        let certificate = try Certificate(parsing: try home.publicKey("alice@example.org"))
        #expect(locked.certificate == certificate)
        #expect(locked.isLocked)
        #expect(certificate.fingerprint.hex == (try home.fingerprint("alice@example.org")))
        #expect(certificate.validity(at: Self.soon, policy: Self.policy) == .valid)
        #expect(certificate.validUserIDs(at: Self.soon, policy: Self.policy).first?.emailAddress == "alice@example.org")
        #expect(certificate.verificationKeys(at: Self.soon, policy: Self.policy) == [certificate.primaryKey])
        #expect(certificate.encryptionKeys(at: Self.soon, policy: Self.policy).count == (subkey == nil ? 0 : 1))
        try CertificateCorpusTests.checkRoundTrip(locked, primary)

        let message = Array("hello\n".utf8)
        let common = ["--pinentry-mode", "loopback", "--passphrase", "pass word"]
        let packet = try #require(
            try KeyGenerationTests.signature(try home.run(common + ["--detach-sign"], input: message)))
        let key = certificate.primaryKey
        #expect(try packet.verify(digest: try TestDigest.digest(packet.hash, message), with: key))
        #expect(try !packet.verify(digest: try TestDigest.digest(packet.hash, message + [0]), with: key))

        guard primary != "dsa2048" else { return }
        #expect(throws: OpenPGPError(.wrongPassword, "")) {
            try locked.unlocked(password: SecretBytes(copying: Array("wrong".utf8)))
        }
        let open = try locked.unlocked(password: Self.password)
        #expect(open.decryptionKeys().count >= (subkey == nil ? 0 : 1))
        let signer = try open.signingKey(at: Self.soon, policy: Self.policy)
        let builder = try SignatureBuilder(
            .binary, hash: signer.suitableHash, creation: Timestamp(1_900_000_000), issuer: signer.publicKey)
        let made = try builder.sign(digest: try TestDigest.digest(signer.suitableHash, message), with: signer)
        #expect(try made.verify(digest: try TestDigest.digest(made.hash, message), with: key))
        // And gpg agrees (its faked clock is ahead of the signature).
        let folder = try TemporaryDirectory("sig")
        var bytes: [UInt8] = []
        PacketWriter.write(.signature, body: made.serializedBody, into: &bytes)
        try folder.write("sig", bytes)
        try home.run(["--faked-system-time", "20360101T000000", "--verify", folder.file("sig"), "-"], input: message)
    }

    @Test func seesExpiryAndRevocationMadeByGnuPG() throws {
        let home = try GnuPGHome()
        try Self.make(home, "ed25519", "cv25519", expire: "10d")
        let fresh = try Certificate(parsing: try home.publicKey("alice@example.org"))
        let made = fresh.primaryKey.creation
        let now = made.adding(seconds: 86400)
        #expect(fresh.validity(at: now) == .valid)
        #expect(fresh.encryptionKeys(at: now).count == 1)
        guard case .expired = fresh.validity(at: made.adding(seconds: 20 * 86400)) else {
            Issue.record("not expired")
            return
        }

        let common = ["--pinentry-mode", "loopback", "--passphrase", "pass word", "--command-fd", "0", "--no-batch"]
        try home.run(
            common + ["--edit-key", "alice@example.org"], input: Array("key 1\nrevkey\ny\n3\n\ny\nsave\n".utf8))
        let subkeyRevoked = try Certificate(parsing: try home.publicKey("alice@example.org"))
        #expect(subkeyRevoked.validity(at: now) == .valid)
        #expect(subkeyRevoked.encryptionKeys(at: now).isEmpty)
        #expect(subkeyRevoked.keyStatuses(at: now).last?.validity == .revoked(hard: false))

        let certificate = try home.run(
            common + ["--gen-revoke", "alice@example.org"], input: Array("y\n1\n\ny\n".utf8))
        try home.importKey(certificate)
        let revoked = try Certificate(parsing: try home.publicKey("alice@example.org"))
        #expect(revoked.validity(at: now) == .revoked(hard: true))
        #expect(revoked.validity(at: made) == .revoked(hard: true))
        #expect(revoked.verificationKeys(at: now).isEmpty)
        // Merging with the older state keeps the revocation, in either order.
        #expect(try fresh.merged(with: revoked).validity(at: now) == .revoked(hard: true))
        #expect(try revoked.merged(with: fresh) == revoked)
    }
}
