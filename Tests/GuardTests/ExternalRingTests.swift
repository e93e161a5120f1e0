import KeyStore
import Libcrypto
import MIME
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

@testable import Guard

struct ExternalRingTests {
    private static let partner = EmailAddressText("carol@partner.example")

    private func secret(_ test: TestGuard, _ userID: String = "Carol <carol@partner.example>") throws
        -> SecretCertificate
    {
        try SecretCertificate.generate(userIDs: [userID], at: Timestamp(test.now - 1000))
    }

    private func error(_ code: GuardErrorCode) -> GuardError { GuardError(code, "") }

    @Test func ringsOfOthersArePrivateUntilShared() throws {
        let test = try TestGuard { $0.localDomains.insert("example.net") }
        let alice = try test.session()
        let bob = try test.session(TestGuard.bob)
        let stranger = try test.session(TestGuard.address("eve@example.net"))
        let carol = try secret(test)
        let kept = try test.service.uploadExternalRings(carol.certificate.armored(), of: alice)
        let handle = carol.fingerprint.hex
        #expect(kept.map(\.certificate.fingerprint) == [carol.fingerprint])
        func seen(_ caller: Caller) throws -> KeySource? {
            try test.service.recipientKey(for: Self.partner, of: caller).source
        }
        #expect(try seen(alice) == .uploaded)
        #expect(try seen(bob) == nil)
        #expect(throws: error(.keyNotFound)) { try test.service.setShared(true, external: handle, of: bob) }
        try test.service.setShared(true, external: handle, of: alice)
        #expect(try seen(bob) == .shared)
        #expect(try seen(stranger) == nil)
        #expect(try test.service.externalRings(of: bob, .uploaded).map(\.accountID) == [alice.account.id])
        try test.service.setInline(true, external: handle, of: alice)
        #expect(try test.service.recipientKey(for: Self.partner, of: alice).isInline)
        #expect(throws: error(.keyNotFound)) { try test.service.deleteExternalRing(handle, .uploaded, of: bob) }
        try test.service.setShared(false, external: handle, of: alice)
        #expect(try seen(bob) == nil)
        try test.service.deleteExternalRing(handle, .uploaded, of: alice)
        #expect(try seen(alice) == nil)
        #expect(throws: error(.keyNotFound)) { try test.service.deleteExternalRing(handle, .uploaded, of: alice) }
        // Never where it counts for everybody.
        #expect(
            try test.store.encryptionCertificates(
                for: TestGuard.address("carol@partner.example"), at: Timestamp(test.now)
            ).isEmpty)
    }

    private func header(_ secret: SecretCertificate, _ rest: String = "") -> [UInt8] {
        let keydata = Base64Text.encode(secret.certificate.serialized())
        return Array("addr=carol@partner.example; \(rest)keydata=\(keydata)".utf8)
    }

    @Test func keysFromMailEncryptAndVerifyOnlyOnceVerified() throws {
        let test = try TestGuard()
        let alice = try test.session()
        let carol = try secret(test)
        let looked = try test.service.importAutocrypt(
            header(carol), sent: test.now, adds: false, isConfirmed: false, of: alice)
        #expect(!looked.isAdded && looked.isNew)
        #expect(try test.service.recipientKey(for: Self.partner, of: alice).certificate == nil)
        let added = try test.service.importAutocrypt(
            header(carol, "prefer-encrypt=mutual; _x=1; "), sent: test.now, adds: true, isConfirmed: false, of: alice)
        #expect(added.isAdded && added.isNew)
        var found = try test.service.recipientKey(for: Self.partner, of: alice)
        #expect(found.source == .autocrypt && !found.isTrusted)
        _ = try test.service.setAutocryptVerified(true, carol.fingerprint.hex, of: alice)
        found = try test.service.recipientKey(for: Self.partner, of: alice)
        #expect(found.source == .autocryptVerified && found.isTrusted)

        // Nobody's mail takes the place of what was verified.
        let mallory = try secret(test)
        #expect(
            try !test.service.importAutocrypt(
                header(mallory), sent: test.now, adds: true, isConfirmed: false, of: alice
            ).isAdded)
        #expect(
            try test.service.recipientKey(for: Self.partner, of: alice).certificate?.fingerprint == carol.fingerprint)
        #expect(
            try test.service.importAutocrypt(
                header(mallory), sent: test.now, adds: true, isConfirmed: true, of: alice
            ).isAdded)
        #expect(
            try test.service.recipientKey(for: Self.partner, of: alice).certificate?.fingerprint == mallory.fingerprint)
        #expect(throws: error(.keyNotFound)) {
            try test.service.setAutocryptVerified(true, carol.fingerprint.hex, of: alice)
        }
    }

    @Test func olderMailChangesNothing() throws {
        let test = try TestGuard()
        let alice = try test.session()
        let new = try secret(test)
        let old = try secret(test)
        // A date in the future counts as now, so that later mail still wins.
        _ = try test.service.importAutocrypt(
            header(new), sent: test.now + 100_000, adds: true, isConfirmed: false, of: alice)
        #expect(
            try !test.service.importAutocrypt(
                header(old), sent: test.now - 1, adds: true, isConfirmed: false, of: alice
            ).isAdded)
        test.pass(seconds: 10)
        #expect(
            try test.service.importAutocrypt(header(old), sent: test.now, adds: true, isConfirmed: false, of: alice)
                .isAdded)
    }

    @Test func unusableHeadersAreRefused() throws {
        let test = try TestGuard()
        let carol = try secret(test)
        let keydata = Base64Text.encode(carol.certificate.serialized())
        for text in [
            "", "addr=carol@partner.example", "keydata=\(keydata)", "addr=nobody; keydata=\(keydata)",
            "addr=dave@partner.example; keydata=\(keydata)", "addr=carol@partner.example; keydata=%%%",
            "addr=carol@partner.example; keydata=AAAA", "addr=carol@partner.example; x=1; keydata=\(keydata)",
            "addr=carol@partner.example; addr=carol@partner.example; keydata=\(keydata)",
        ] {
            #expect(throws: error(.autocryptRefused)) {
                try test.service.importAutocrypt(
                    Array(text.utf8), sent: 0, adds: true, isConfirmed: true, of: test.session())
            }
        }
    }

    @Test func recipientsAreFoundInTheOrderOfTrust() throws {
        let test = try TestGuard()
        let alice = try test.session()
        let bob = try test.session(TestGuard.bob)
        let ring = try test.service.createRing(bob, name: "Bob", password: TestGuard.secret("a good password"))
        let found = try test.service.recipientKey(for: EmailAddressText("Bob@example.org"), of: alice)
        #expect(found.certificate?.fingerprint == ring.certificate.fingerprint)
        #expect(found.source == .local && found.trustLevel == 5 && found.isTrusted)
        #expect(try test.service.recipientKey(ring.certificate.keyID, of: alice).source == .local)
        let missing = try test.service.recipientKey(
            for: EmailAddressText("new@example.org"), of: alice, creates: true)
        #expect(missing.certificate == nil && missing.isNew && !missing.isCreated)
        #expect(throws: error(.badParameter)) {
            try test.service.recipientKey(for: EmailAddressText("nonsense"), of: alice)
        }
        let signatures = try test.service.signatures(on: ring.certificate.keyID, of: alice, includesSubkeys: true)
        #expect(signatures.count >= 2)
        #expect(signatures.allSatisfy { $0.isVerified && !$0.isKeyMissing && $0.issuer == "Bob <bob@example.org>" })
    }
}
