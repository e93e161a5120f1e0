import Libcrypto
import OpenPGP
import TestSupport
import Testing

/// Changes to a key as this library judges them afterwards.
@Suite struct KeyEditingTests {
    static let created = Timestamp(1_700_000_000)
    static let edited = created.adding(seconds: 1000)
    static let later = created.adding(seconds: 2000)
    static let password = SecretBytes(copying: Array("correct horse".utf8))

    static func key(expiration: UInt32? = nil) throws -> SecretCertificate {
        try SecretCertificate.generate(
            userIDs: ["Alice <alice@example.org>", "Alice <alice@example.net>"], at: created, expiration: expiration)
    }

    static func octets(_ secret: SecretBytes) -> [UInt8] {
        secret.withBytes { span in span.indices.map { span[$0] } }
    }

    private func userID(_ text: String) -> UserID { UserID(bytes: Array(text.utf8)) }

    @Test(arguments: [RevocationReason.compromised, .retired, .unspecified, .superseded]) func revokesTheKey(
        _ reason: RevocationReason
    ) throws {
        let key = try Self.key()
        let revoked = try key.revoked(Revocation(reason, text: "gone 🙂"), at: Self.edited).certificate
        #expect(revoked.validity(at: Self.later) == .revoked(hard: reason.isHard))
        #expect(revoked.validity(at: Self.created) == (reason.isHard ? .revoked(hard: true) : .valid))
        #expect(revoked.directSignatures.signatures.last?.revocationReason == reason)
        #expect(revoked.directSignatures.signatures.last?.revocationText == "gone 🙂")
        #expect(revoked.encryptionKeys(at: Self.later).isEmpty)

        let alone = try key.revocationCertificate(Revocation(reason), at: Self.edited)
        let merged = try key.certificate.merged(withRevocation: alone)
        #expect(merged.validity(at: Self.later) == .revoked(hard: reason.isHard))
        let other = try Self.key()
        #expect(throws: OpenPGPError(.badSignature, "")) { try other.certificate.merged(withRevocation: alone) }
        #expect(throws: OpenPGPError(.secretUnavailable, "")) {
            try key.locked(password: Self.password).revoked(Revocation(), at: Self.edited)
        }
        #expect(throws: OpenPGPError(.invalidArgument, "")) {
            try key.revoked(Revocation(text: String(repeating: "x", count: 1025)), at: Self.edited)
        }
    }

    @Test func revokesASubkey() throws {
        let key = try Self.key()
        let subkey = try #require(key.certificate.subkeys.first?.key.fingerprint)
        let revoked = try key.revokingSubkey(subkey, Revocation(.retired), at: Self.edited).certificate
        #expect(revoked.validity(at: Self.later) == .valid)
        #expect(revoked.encryptionKeys(at: Self.created).count == 1)
        #expect(revoked.encryptionKeys(at: Self.later).isEmpty)
        #expect(throws: OpenPGPError(.invalidArgument, "")) {
            try key.revokingSubkey(key.fingerprint, Revocation(), at: Self.edited)
        }
    }

    @Test func revokesAndBringsBackAUserID() throws {
        let key = try Self.key()
        let main = userID("Alice <alice@example.org>")
        let revoked = try key.revokingUserID(main, at: Self.edited)
        #expect(revoked.certificate.validUserIDs(at: Self.created).count == 2)
        #expect(revoked.certificate.validUserIDs(at: Self.later).map(\.emailAddress) == ["alice@example.net"])
        #expect(revoked.certificate.validity(at: Self.later) == .valid)
        let back = try revoked.addingUserID(main.string, isPrimary: true, at: Self.later)
        #expect(back.certificate.userIDs.count == 2)
        #expect(back.certificate.primaryUserID(at: Self.later) == main)
        #expect(throws: OpenPGPError(.invalidArgument, "")) {
            try back.addingUserID(main.string, at: Self.later)
        }
        #expect(throws: OpenPGPError(.invalidArgument, "")) {
            try key.revokingUserID(userID("nobody"), at: Self.edited)
        }
    }

    @Test func addsUserIDs() throws {
        let key = try Self.key(expiration: 5000)
        let more = try key.addingUserID("Bob <bob@example.org>", at: Self.edited).certificate
        #expect(more.primaryUserID(at: Self.later)?.emailAddress == "alice@example.org")
        #expect(more.validUserIDs(at: Self.later).count == 3)
        let main = try key.addingUserID("Bob <bob@example.org>", isPrimary: true, at: Self.edited).certificate
        #expect(main.primaryUserID(at: Self.later)?.emailAddress == "bob@example.org")
        #expect(main.preferences(at: Self.later) == key.certificate.preferences(at: Self.later))
        #expect(main.keyStatuses(at: Self.later).first == key.certificate.keyStatuses(at: Self.later).first)
        for bad in ["", String(repeating: "x", count: 2049)] {
            #expect(throws: OpenPGPError(.invalidArgument, "")) { try key.addingUserID(bad, at: Self.edited) }
        }
    }

    @Test(arguments: KeyProfile.allCases, [KeyFlags.sign, .encrypt])
    func addsSubkeys(_ profile: KeyProfile, _ flags: KeyFlags) throws {
        let key = try SecretCertificate.generate(
            profile: profile.version == 6 ? .rfc9580 : .compatible, userIDs: ["A"], at: Self.created)
        let more = try key.addingSubkey(profile, flags: flags, expiration: 500, at: Self.edited)
        let added = try #require(more.certificate.subkeys.last?.key)
        let status = try #require(more.certificate.keyStatus(of: added.fingerprint, at: Self.edited))
        #expect(status.validity == .valid)
        #expect(status.flags == flags)
        #expect(status.expiration == Self.edited.adding(seconds: 500))
        #expect(more.presentSecrets.contains(added.fingerprint))
        let usable =
            flags == .sign
            ? try more.signingKey(at: Self.edited).publicKey
            : try #require(more.certificate.encryptionKeys(at: Self.edited).first)
        #expect(usable == added)
        #expect(more.certificate.keyStatus(of: added.fingerprint, at: Self.later)?.validity.isValid == false)
        #expect(throws: OpenPGPError(.invalidArgument, "")) {
            try key.addingSubkey(profile, flags: .certify, at: Self.edited)
        }
        #expect(throws: OpenPGPError(.invalidArgument, "")) {
            try key.addingSubkey(profile.version == 6 ? .compatible : .rfc9580, at: Self.edited)
        }
        try CertificateCorpusTests.checkRoundTrip(more, "\(profile)")
    }

    @Test func movesTheEndOfTheKey() throws {
        let key = try Self.key(expiration: 1500)
        let end = Self.created.adding(seconds: 3000)
        #expect(key.certificate.validity(at: Self.later).isValid == false)
        let longer = try key.expiring(at: end, now: Self.edited)
        #expect(longer.certificate.validity(at: Self.later) == .valid)
        #expect(longer.certificate.validity(at: end) == .expired(at: end))
        #expect(longer.certificate.validUserIDs(at: Self.later).count == 2)
        let forever = try longer.expiring(at: nil, now: Self.later)
        #expect(forever.certificate.validity(at: Timestamp(4_000_000_000)) == .valid)
        // In the second of the key's making: dated one second later.
        let atOnce = try key.expiring(at: end, now: Self.created)
        #expect(atOnce.certificate.validity(at: Self.later) == .valid)
        // After the end, too.
        let revived = try key.expiring(at: end, now: Self.later).certificate
        #expect(revived.validity(at: Self.later) == .valid)
        for bad in [Self.created, Timestamp(.max), Timestamp(.min)] {
            #expect(throws: OpenPGPError(.invalidArgument, "")) { try key.expiring(at: bad, now: Self.edited) }
        }
    }

    @Test func movesTheEndOfASubkey() throws {
        let key = try Self.key().addingSubkey(.compatible, flags: .sign, at: Self.edited)
        for subkey in key.certificate.subkeys.map(\.key.fingerprint) {
            let end = Self.later.adding(seconds: 100)
            let ending = try key.expiringSubkey(subkey, at: end, now: Self.later).certificate
            #expect(ending.keyStatus(of: subkey, at: Self.later)?.validity == .valid)
            #expect(ending.keyStatus(of: subkey, at: end)?.validity == .expired(at: end))
            #expect(
                ending.keyStatus(of: subkey, at: Self.later)?.flags
                    == key.certificate.keyStatus(of: subkey, at: Self.later)?.flags)
        }
    }

    @Test func changesAndRemovesPasswords() throws {
        let key = try Self.key()
        let second = SecretBytes(copying: Array("second".utf8))
        let locked = try key.changingPassword(from: [], to: Self.password)
        #expect(locked.isLocked)
        #expect(throws: OpenPGPError(.wrongPassword, "")) { try locked.changingPassword(from: [second], to: nil) }
        #expect(throws: OpenPGPError(.wrongPassword, "")) { try locked.changingPassword(from: [], to: second) }
        let changed = try locked.changingPassword(from: [second, Self.password], to: second)
        #expect(throws: OpenPGPError(.wrongPassword, "")) { try changed.unlocked(password: Self.password) }
        let open = try changed.changingPassword(from: [second], to: nil)
        #expect(open.serialized() == key.serialized())
        // Parts under different passwords.
        let mixed = try locked.merged(
            with: key.addingSubkey(.compatible, flags: .sign, at: Self.edited).locked(password: second))
        #expect(try mixed.unlocked(passwords: [Self.password]).isLocked)
        #expect(throws: OpenPGPError(.wrongPassword, "")) {
            try mixed.changingPassword(from: [Self.password], to: nil)
        }
        #expect(try !mixed.changingPassword(from: [Self.password, second], to: nil).isLocked)
    }

    @Test func certifiesOthers() throws {
        let key = try Self.key()
        let other = try SecretCertificate.generate(userIDs: ["Bob <bob@example.org>"], at: Self.created).certificate
        let bob = userID("Bob <bob@example.org>")
        var options = CertificationOptions()
        options.trust = .init(depth: 1, amount: 120)
        options.notations = [Notation("role@example.org", "boss")]
        options.expiration = 100
        let certified = try key.certifying([bob], of: other, options: options, at: Self.edited)
        let made = try #require(certified.userIDs.first?.signatures.signatures.last)
        #expect(made.issuers.contains(.fingerprint(key.fingerprint)))
        #expect(made.notations == options.notations)
        #expect(made.expirationTime == Self.edited.adding(seconds: 100))
        #expect(certified.exportable() == certified)
        options.isExportable = false
        let local = try key.certifying([bob], of: other, options: options, at: Self.edited)
        #expect(local.exportable() == other)
        #expect(certified.withoutThirdParties() == other)
        #expect(throws: OpenPGPError(.invalidArgument, "")) {
            try key.certifying([userID("Eve")], of: other, at: Self.edited)
        }
        options.requiresSelfSignature = false
        #expect(
            try key.certifying([userID("Eve")], of: other, options: options, at: Self.edited).userIDs.count == 2)
        #expect(throws: OpenPGPError(.noUsableKey, "")) {
            try key.revoked(Revocation(), at: Self.edited).certifying([bob], of: other, at: Self.edited)
        }
    }

    @Test func exportsTheLeastPossible() throws {
        let key = try Self.key().addingSubkey(.compatible, flags: .sign, at: Self.edited)
            .addingSubkey(.compatible, at: Self.edited)
        let whole = key.certificate
        let minimal = try whole.minimal(at: Self.later)
        #expect(minimal.userIDs.map(\.userID.emailAddress) == ["alice@example.org"])
        #expect(minimal.encryptionKeys(at: Self.later) == [try #require(whole.encryptionKeys(at: Self.later).first)])
        #expect(minimal.verificationKeys(at: Self.later) == [whole.primaryKey])
        #expect(try whole.minimal(for: "ALICE@example.net", at: Self.later).userIDs.count == 1)
        #expect(throws: OpenPGPError(.noUsableKey, "")) { try whole.minimal(for: "bob@example.net", at: Self.later) }
        let web = try #require(whole.filtered(address: "Alice@Example.NET", at: Self.later))
        #expect(web.validUserIDs(at: Self.later).map(\.emailAddress) == ["alice@example.net"])
        #expect(web.subkeys == whole.subkeys)
        #expect(whole.filtered(address: "bob@example.org", at: Self.later) == nil)
        #expect(try whole.merged(with: minimal) == whole)
    }

    @Test func leavesAFreshKeyAsItIs() throws {
        let key = try Self.key().addingSubkey(.compatible, flags: .sign, at: Self.edited)
        let updated = try key.updated(at: Self.later)
        #expect(updated.certificate == key.certificate)
        #expect(throws: OpenPGPError(.noUsableKey, "")) {
            try key.revoked(Revocation(), at: Self.edited).updated(at: Self.later)
        }
    }
}

/// The same changes to keys of every kind.
@Suite struct KeyEditingProfileTests {
    private typealias Base = KeyEditingTests

    @Test(arguments: [KeyProfile.compatible, .rfc9580, .ed448, .nistP256], [true, false])
    func lastsThroughALife(_ profile: KeyProfile, _ hasUserID: Bool) throws {
        let names = hasUserID ? ["Alice <alice@example.org>"] : []
        let born = try SecretCertificate.generate(
            profile: profile, userIDs: names, at: Base.created, expiration: 1500)
        let end = Base.created.adding(seconds: 90_000)
        #expect(!born.certificate.validity(at: Base.later).isValid)
        let older = try born.expiring(at: end, now: Base.edited)
            .addingUserID("Bob <bob@example.org>", isPrimary: true, at: Base.edited)
            .addingSubkey(profile, flags: .sign, at: Base.edited).addingSubkey(profile, at: Base.edited)
        let certificate = older.certificate
        #expect(certificate.validity(at: Base.later) == .valid)
        #expect(certificate.validity(at: end) == .expired(at: end))
        #expect(certificate.primaryUserID(at: Base.later)?.emailAddress == "bob@example.org")
        #expect(certificate.verificationKeys(at: Base.later).count == 2)
        #expect(certificate.preferences(at: Base.later) == born.certificate.preferences(at: Base.created))
        let newest = try #require(certificate.encryptionKeys(at: Base.later).first)
        #expect(newest.creation == Base.edited)
        #expect(newest.version == profile.version)
        #expect(try older.updated(at: Base.later).certificate == certificate)
        try CertificateCorpusTests.checkRoundTrip(older, "\(profile)")

        let minimal = try certificate.minimal(for: "bob@example.org", at: Base.later)
        #expect(minimal.encryptionKeys(at: Base.later) == [newest])
        #expect(minimal.preferences(at: Base.later) == certificate.preferences(at: Base.later))
        let less = try older.revokingSubkey(newest.fingerprint, Revocation(.superseded), at: Base.later).certificate
        #expect(!less.encryptionKeys(at: Base.later).contains(newest))
        let alone = try older.revocationCertificate(Revocation(.retired), at: Base.later)
        #expect(try certificate.merged(withRevocation: alone).validity(at: Base.later) == .revoked(hard: false))
        // From version 6 on a revocation stands behind its key, so that it is readable by itself.
        let found = try Certificate.parseAll(alone).certificates
        #expect(found.isEmpty == (profile.version == 4))
        for read in found {
            #expect(try certificate.merged(with: read).validity(at: Base.later) == .revoked(hard: false))
        }
    }
}
