import Libcrypto
import OpenPGP
import TestSupport
import Testing

/// Changed keys in the eyes of other programs.
@Suite struct KeyEditingInteropTests {
    private typealias Base = KeyEditingTests

    /// One line of gpg's listing.
    private static func lines(_ home: GnuPGHome, _ command: String, _ kind: String) throws -> [[Substring]] {
        String(decoding: try home.run(["--with-colons", command]), as: UTF8.self).split(separator: "\n")
            .map { $0.split(separator: ":", omittingEmptySubsequences: false) }.filter { $0.first == kind[...] }
    }

    private func imported(_ certificate: Certificate) throws -> GnuPGHome {
        let home = try GnuPGHome()
        // gpg stumbles over a revocation where it has no trust database yet.
        try home.run(["--trust-model", "pgp", "--check-trustdb"])
        try home.importKey(certificate.armored())
        // No bad signature, none that gpg dropped.
        let signatures = try Self.lines(home, "--check-sigs", "sig") + Self.lines(home, "--check-sigs", "rev")
        #expect(signatures.allSatisfy { $0[1] == "!" }, "\(signatures)")
        return home
    }

    @Test(.enabled(if: Shell.has("gpg"))) func gnuPGSeesRevocations() throws {
        let key = try Base.key()
        let home = try imported(key.revoked(Revocation(.compromised, text: "stolen"), at: Base.edited).certificate)
        #expect(try Self.lines(home, "--list-keys", "pub").first?[1] == "r")

        let alone = try imported(key.certificate)
        #expect(try Self.lines(alone, "--list-keys", "pub").first?[1] != "r")
        try alone.importKey(try key.revocationCertificate(Revocation(.retired), at: Base.edited))
        #expect(try Self.lines(alone, "--list-keys", "pub").first?[1] == "r")

        let subkey = try #require(key.certificate.subkeys.first?.key.fingerprint)
        let partly = try imported(key.revokingSubkey(subkey, Revocation(.superseded), at: Base.edited).certificate)
        #expect(try Self.lines(partly, "--list-keys", "sub").first?[1] == "r")

        let user = try #require(key.certificate.userIDs.last?.userID)
        let without = try imported(key.revokingUserID(user, at: Base.edited).certificate)
        #expect(try Self.lines(without, "--list-keys", "uid").map { $0[1] == "r" } == [false, true])
    }

    @Test(.enabled(if: Shell.has("gpg"))) func gnuPGSeesAdditionsAndEnds() throws {
        let end = Timestamp(4_000_000_000)
        let key = try Base.key(expiration: 1500)
            .addingUserID("Bob <bob@example.org>", isPrimary: true, at: Base.edited)
            .addingSubkey(.compatible, flags: .sign, at: Base.edited).addingSubkey(.compatible, at: Base.edited)
            .expiring(at: end, now: Base.later)
        let last = try #require(key.certificate.subkeys.last?.key.fingerprint)
        let home = try imported(key.expiringSubkey(last, at: end, now: Base.later).certificate)
        #expect(try Self.lines(home, "--list-keys", "pub").first?[6] == "4000000000")
        #expect(try Self.lines(home, "--list-keys", "uid").first?[9] == "Bob <bob@example.org>")
        #expect(try Self.lines(home, "--list-keys", "uid").count == 3)
        // The first subkey ended with the key as it was made.
        #expect(try Self.lines(home, "--list-keys", "sub").map { $0[1] == "e" } == [true, false, false])
        #expect(try Self.lines(home, "--list-keys", "sub").map { $0[11] } == ["e", "s", "e"])
        #expect(try Self.lines(home, "--list-keys", "sub").last?[6] == "4000000000")
    }

    @Test(.enabled(if: Shell.has("gpg"))) func gnuPGUsesAChangedKey() throws {
        let home = try GnuPGHome()
        let key = try Base.key().addingSubkey(.compatible, flags: .sign, at: Base.edited)
            .changingPassword(from: [], to: Base.password)
        let loopback = ["--pinentry-mode", "loopback", "--passphrase", "correct horse"]
        try home.run(loopback + ["--import"], input: Base.octets(key.armored()))
        let message = Array("hello\n".utf8)
        let packet = try #require(
            try KeyGenerationTests.signature(try home.run(loopback + ["--detach-sign"], input: message)))
        let subkey = try #require(key.certificate.subkeys.last?.key)
        #expect(packet.issuers.contains(.fingerprint(subkey.fingerprint)))
        #expect(try packet.verify(digest: try TestDigest.digest(packet.hash, message), with: subkey))
    }

    @Test(.enabled(if: Shell.has("gpg"))) func gnuPGCountsCertifications() throws {
        let key = try Base.key()
        let other = try SecretCertificate.generate(userIDs: ["Bob <bob@example.org>"], at: Base.created).certificate
        var options = CertificationOptions()
        options.trust = .init(depth: 1, amount: 120)
        options.notations = [Notation("role@example.org", "boss")]
        let user = try #require(other.userIDs.first?.userID)
        let home = try GnuPGHome()
        try home.importKey(key.certificate.armored())
        try home.importKey(try key.certifying([user], of: other, options: options, at: Base.edited).armored())
        let found = try Self.lines(home, "--check-sigs", "sig").filter { $0[4] == key.certificate.keyID.hex[...] }
        #expect(found.contains { $0[1] == "!" && $0[7] == "1 120" }, "\(found)")
    }

    @Test(.enabled(if: Shell.has("gpg"))) func gnuPGTakesMinimalKeys() throws {
        let key = try Base.key().addingSubkey(.compatible, at: Base.edited)
        let home = try imported(key.certificate.minimal(for: "alice@example.net", at: Base.later))
        #expect(try Self.lines(home, "--list-keys", "uid").count == 1)
        #expect(try Self.lines(home, "--list-keys", "sub").count == 1)
        let sealed = try home.run(
            ["--encrypt", "--recipient", "alice@example.net"], input: Array("hello\n".utf8))
        #expect(!sealed.isEmpty)
    }

    /// An old key made by GnuPG with SHA-1 throughout.
    @Test(.enabled(if: Shell.has("gpg"))) func renewsOldSignatures() throws {
        let home = try GnuPGHome()
        let old = [
            "--faked-system-time", "20150101T000000", "--cert-digest-algo", "SHA1", "--digest-algo", "SHA1",
            "--passphrase", "", "--pinentry-mode", "loopback",
        ]
        try home.run(old + ["--quick-generate-key", "Old <old@example.org>", "rsa2048", "sign,cert", "0"])
        let fingerprint = try home.fingerprint("old@example.org")
        try home.run(old + ["--quick-add-key", fingerprint, "rsa2048", "encr", "0"])
        let key = try SecretCertificate(parsing: try home.secretKey("old@example.org"))
        let now = Timestamp(1_900_000_000)
        let hashes = key.certificate.userIDs.flatMap(\.signatures.signatures).map(\.hash)
        #expect(hashes == [.sha1])
        #expect(!key.certificate.validity(at: now).isValid)
        let updated = try key.updated(at: now)
        #expect(updated.certificate.validity(at: now) == .valid)
        #expect(updated.certificate.verificationKeys(at: now).count == 1)
        #expect(updated.certificate.encryptionKeys(at: now).count == 1)
        #expect(try updated.updated(at: now.adding(seconds: 1)).certificate == updated.certificate)
        // And gpg, in 2031, finds no fault with it.
        let text = try Shell.check(
            "gpg", ["--homedir", home.path, "--faked-system-time", "20310101T000000", "--import"],
            input: updated.certificate.armored())
        #expect(text.isEmpty)
        let check = try home.run(["--faked-system-time", "20310101T000000", "--with-colons", "--check-sigs"])
        #expect(!String(decoding: check, as: UTF8.self).contains("sig:-"))
    }

    @Test(arguments: ["sqop", "gosop"]) func othersTakeChangedKeys(_ program: String) throws {
        guard Shell.has(program) else {
            print("\(program) is not installed: skipped")
            return
        }
        let folder = try TemporaryDirectory("sop")
        let end = Timestamp(4_000_000_000)
        let key = try Base.key(expiration: 1500).addingSubkey(.compatible, flags: .sign, at: Base.edited)
            .addingSubkey(.compatible, at: Base.edited).expiring(at: end, now: Base.later)
        try folder.write("key", Base.octets(key.armored()))
        try folder.write("cert", key.certificate.armored())
        try folder.write("minimal", try key.certificate.minimal(at: Base.later).armored())
        let message = Array("hello\n".utf8)
        for name in ["cert", "minimal"] {
            let sealed = try Shell.check(program, ["encrypt", folder.file(name)], input: message)
            #expect(try Shell.check(program, ["decrypt", folder.file("key")], input: sealed) == message)
        }
        let signature = try Shell.check(program, ["sign", folder.file("key")], input: message)
        try folder.write("sig", signature)
        try Shell.check(program, ["verify", folder.file("sig"), folder.file("cert")], input: message)
        let revoked = try key.revoked(Revocation(.compromised), at: Base.later).certificate
        try folder.write("revoked", revoked.armored())
        // These versions each do one of the two right: sqop encrypts to revoked keys, gosop believes their signatures.
        let arguments =
            program == "gosop"
            ? ["encrypt", folder.file("revoked")] : ["verify", folder.file("sig"), folder.file("revoked")]
        #expect(try Shell.run(program, arguments, input: message).status != 0)
    }
}
