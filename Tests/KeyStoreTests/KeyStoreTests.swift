import Foundation
import Libcrypto
import MIME
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

@testable import KeyStore

@Suite(.onEachEngine) struct KeyStoreTests {
    static let birth = Timestamp(1_700_000_000)
    static let now = Timestamp(1_700_100_000)

    let directory: TemporaryDirectory
    let master: MasterKey
    let store: KeyStore
    var path: String { directory.file("guardd.db") }

    init() throws {
        directory = try TemporaryDirectory()
        master = try MasterKey.random()
        store = try KeyStore(at: directory.file("guardd.db"), master: master)
    }

    static func key(_ userIDs: String..., at time: Timestamp = birth, expiration: UInt32? = nil) throws
        -> SecretCertificate
    {
        try SecretCertificate.generate(userIDs: userIDs, at: time, expiration: expiration)
    }

    func address(_ text: String) throws -> EmailAddress { try #require(EmailAddress(text)) }

    func found(_ text: String, at time: Timestamp = now) throws -> [Fingerprint] {
        try store.encryptionCertificates(for: address(text), at: time).map(\.certificate.fingerprint)
    }

    @discardableResult
    func take(_ key: SecretCertificate, _ provenance: Provenance = .adminImport) throws -> ImportReport {
        try store.importCertificates(key.certificate.serialized(), provenance: provenance)
    }

    @Test func findsByAddressKeyIDAndFingerprint() throws {
        let key = try Self.key("Alice <alice@example.org>", "Alice <al@other.example>")
        let report = try take(key)
        #expect(report.count(.new) == 1)
        #expect(report.entries.first?.userIDs == ["Alice <alice@example.org>", "Alice <al@other.example>"])
        #expect(try found("alice@example.org") == [key.fingerprint])
        #expect(try found("al@OTHER.example") == [key.fingerprint])
        #expect(try found("bob@example.org") == [])
        for part in key.certificate.allKeys {
            for hint in [IssuerHint.fingerprint(part.fingerprint), .keyID(part.keyID)] {
                let known = try store.certificates(for: [hint])
                #expect(known.map(\.certificate) == [key.certificate])
                #expect(known.map(\.provenance) == [.adminImport])
            }
            #expect(try store.find(part.fingerprint.hex) == [key.fingerprint])
            #expect(try store.find("0x" + part.keyID.hex.lowercased()) == [key.fingerprint])
        }
        #expect(try store.find("alice@example.org") == [key.fingerprint])
        #expect(try take(key).count(.unchanged) == 1)
    }

    @Test func theLocalPartIsFoldedOnlyWhereThatIsUnambiguous() throws {
        let lower = try Self.key("<alice@example.org>")
        try take(lower)
        #expect(try found("ALICE@example.org") == [lower.fingerprint])
        let mixed = try Self.key("<Alice@example.org>")
        try take(mixed)
        #expect(try found("Alice@example.org") == [mixed.fingerprint])
        #expect(try found("alice@example.org") == [lower.fingerprint])
        #expect(try found("ALICE@example.org") == [])
        #expect(try found("alice+tag@example.org") == [])
        try take(Self.key("<jürgen@example.org>"))
        #expect(try found("JÜRGEN@example.org") == [])
    }

    @Test func theDomainIsComparedAsALabels() throws {
        let key = try Self.key("<info@bücher.example>")
        try take(key)
        #expect(try found("info@xn--bcher-kva.example") == [key.fingerprint])
        #expect(try found("info@BÜCHER.example") == [key.fingerprint])
    }

    @Test func anExpiredKeyIsNotForEncryption() throws {
        let old = try Self.key("<alice@example.org>", expiration: 1000)
        try take(old)
        #expect(try found("alice@example.org", at: Timestamp(Self.birth.seconds + 10)) == [old.fingerprint])
        #expect(try found("alice@example.org") == [])
        // Verification still gets it: a signature of its time may be good.
        #expect(try store.certificates(for: [.keyID(old.certificate.keyID)]).count == 1)
    }

    @Test func theBestBindingComesFirstThenTheNewest() throws {
        let weak = try Self.key("<a@example.org>", at: Self.now)
        let older = try Self.key("<a@example.org>")
        let newer = try Self.key("<a@example.org>", at: Timestamp(Self.birth.seconds + 1))
        try take(weak, .autocrypt)
        try take(older)
        try take(newer)
        #expect(try found("a@example.org") == [newer.fingerprint, older.fingerprint, weak.fingerprint])
        #expect(
            try store.encryptionCertificates(for: address("a@example.org"), at: Self.now).map(\.provenance)
                == [.adminImport, .adminImport, .autocrypt])
    }

    @Test func provenanceOnlyRisesUnlessSet() throws {
        let key = try Self.key("<a@example.org>")
        let provenance = { try self.store.certificates(for: [.keyID(key.certificate.keyID)]).first?.provenance }
        try take(key, .message)
        #expect(try provenance() == .message)
        #expect(try take(key, .wkd).count(.updated) == 1)
        #expect(try provenance() == .wkd)
        #expect(try take(key, .hkp).count(.unchanged) == 1)
        #expect(try provenance() == .wkd)
        try store.setProvenance(.autocrypt, of: key.fingerprint)
        #expect(try provenance() == .autocrypt)
        #expect(throws: KeyStoreError(.notFound, "")) {
            try store.setProvenance(.own, of: Self.key("<x@example.org>").fingerprint)
        }
    }

    /// The holder of a trusted key adds somebody else's address to it and lets it in by a weaker way.
    @Test func anAddedUserIDIsNotBelievedLikeTheRest() throws {
        let home = try GnuPGHome()
        try home.generate("mallory@example.org")
        _ = try store.importCertificates(home.publicKey("mallory@example.org"), provenance: .adminImport)
        let fingerprint = try #require(Fingerprint(hex: home.fingerprint("mallory@example.org")))
        _ = try home.run(["--batch", "--quick-add-uid", fingerprint.hex, "Chief <chief@example.org>"])
        let report = try store.importCertificates(home.publicKey("mallory@example.org"), provenance: .autocrypt)
        #expect(report.count(.updated) == 1)
        #expect(try store.export(fingerprint).userIDs.count == 2)
        let later = Timestamp(Int64(Date().timeIntervalSince1970) + 60)
        let known = try #require(try store.certificates(for: [.fingerprint(fingerprint)]).first)
        #expect(known.provenance == .adminImport)
        #expect(
            known.certificate.validUserIDs(at: later).compactMap(\.emailAddress) == ["mallory@example.org"])
        #expect(known.certificate.verificationKeys(at: later).isEmpty == false)
        #expect(
            try store.encryptionCertificates(for: address("chief@example.org"), at: later).map(\.provenance)
                == [.autocrypt])
        #expect(
            try store.encryptionCertificates(for: address("mallory@example.org"), at: later).map(\.provenance)
                == [.adminImport])
        try store.setProvenance(.adminImport, of: fingerprint)
        #expect(try store.certificates(for: [.fingerprint(fingerprint)]).first?.certificate.userIDs.count == 2)
    }

    @Test func anImportOfALesserCopyLosesNothing() throws {
        let home = try GnuPGHome()
        try home.generate("a@example.org")
        let before = try home.publicKey("a@example.org")
        let fingerprint = try #require(Fingerprint(hex: home.fingerprint("a@example.org")))
        _ = try home.run(["--batch", "--quick-add-uid", fingerprint.hex, "Second <b@example.org>"])
        _ = try home.run(["--batch", "--quick-revoke-uid", fingerprint.hex, "Second <b@example.org>"])
        _ = try store.importCertificates(home.publicKey("a@example.org"), provenance: .adminImport)
        let whole = try store.export(fingerprint)
        #expect(try store.importCertificates(before, provenance: .adminImport).count(.unchanged) == 1)
        #expect(try store.export(fingerprint) == whole)
        #expect(whole.userIDs.count == 2)
        let later = Timestamp(Int64(Date().timeIntervalSince1970) + 60)
        #expect(whole.validUserIDs(at: later).count == 1)
    }

    @Test func aSecretKeyOfGnuPGIsUnlockedSealedAndUsed() throws {
        let home = try GnuPGHome()
        try home.generate("own@example.org")
        let report = try store.importSecretKeys(home.secretKey("own@example.org"))
        #expect(report.entries.first?.hasSecret == true)
        let later = Timestamp(Int64(Date().timeIntervalSince1970) + 60)
        let secret = try #require(try store.ownSecret(for: address("own@example.org"), at: later))
        #expect(try secret.signingKey(at: later).certificateFingerprint == secret.fingerprint)
        #expect(try store.ownSecret(for: address("other@example.org"), at: later) == nil)
        let keys = try store.decryptionKeys(for: secret.certificate.allKeys.map(\.keyID))
        #expect(!keys.isEmpty)
        #expect(try store.decryptionKeys(for: [.wildcard]).count == keys.count)
        #expect(try store.decryptionKeys(for: [KeyID(42)]).isEmpty)
        #expect(try store.importSecretKeys(home.secretKey("own@example.org")).count(.unchanged) == 1)
        // And back to GnuPG.
        let password = SecretBytes(copying: [UInt8]("correct horse".utf8))
        let block = try store.exportSecret(secret.fingerprint, password: password)
        let other = try GnuPGHome()
        try other.importKey(block.withBytes { span in span.indices.map { span[$0] } })
        #expect(try other.fingerprint("own@example.org") == secret.fingerprint.hex)
    }

    @Test func aLockedSecretKeyNeedsItsPassword() throws {
        let password = SecretBytes(copying: [UInt8]("secret".utf8))
        let key = try Self.key("<own@example.org>")
        let locked = try SecretBuffer.with(key.locked(password: password).serialized()) { $0 }
        #expect(throws: KeyStoreError(.passwordRequired, "")) { try store.importSecretKeys(locked) }
        #expect(throws: KeyStoreError(.wrongPassword, "")) {
            try store.importSecretKeys(locked, password: SecretBytes(copying: [1]))
        }
        #expect(try store.counts() == KeyStore.Counts(certificates: 0, secretKeys: 0))
        _ = try store.importSecretKeys(locked, password: password)
        #expect(try store.ownSecret(for: address("own@example.org"), at: Self.now) != nil)
        #expect(throws: KeyStoreError(.passwordRequired, "")) {
            try store.exportSecret(key.fingerprint, password: SecretBytes(copying: [UInt8]()))
        }
        let again = try store.exportSecret(key.fingerprint, password: password)
        let read = try SecretBuffer.parse(again)
        #expect(read.isLocked)
        #expect(try read.unlocked(password: password).serialized() == key.serialized())
    }

    @Test func deletingASecretKeyMustBeAskedFor() throws {
        let key = try Self.key("<own@example.org>")
        try store.importSecretKey(key)
        _ = try store.ownSecret(for: address("own@example.org"), at: Self.now)
        #expect(throws: KeyStoreError(.hasSecretKey, "")) { try store.delete(key.fingerprint) }
        try store.delete(key.fingerprint, includingSecret: true)
        #expect(try store.ownSecret(for: address("own@example.org"), at: Self.now) == nil)
        #expect(try store.decryptionKeys(for: [.wildcard]).isEmpty)
        #expect(try found("own@example.org") == [])
        #expect(throws: KeyStoreError(.notFound, "")) { try store.delete(key.fingerprint) }
    }

    @Test func aSealedKeyMovedToAnotherRowDoesNotOpen() throws {
        let a = try Self.key("<a@example.org>")
        let b = try Self.key("<b@example.org>")
        try store.importSecretKey(a)
        try store.importSecretKey(b)
        _ = try store.database.write { connection in
            try connection.execute(
                """
                UPDATE gateway_secret SET sealed =
                    (SELECT sealed FROM gateway_secret AS other WHERE other.fingerprint = :other)
                WHERE fingerprint = :one
                """, ["one": SQLValue(a.fingerprint.hex), "other": SQLValue(b.fingerprint.hex)])
        }
        #expect(throws: KeyStoreError(.sealBroken, "")) {
            try store.ownSecret(for: address("a@example.org"), at: Self.now)
        }
        #expect(try store.ownSecret(for: address("b@example.org"), at: Self.now) != nil)
    }

    @Test func rubbishIsRefusedAndTheRestOfARingTaken() throws {
        #expect(throws: KeyStoreError(.unusableInput, "")) {
            try store.importCertificates([UInt8]("hello".utf8), provenance: .adminImport)
        }
        #expect(throws: KeyStoreError(.unusableInput, "")) {
            try store.importSecretKeys(Self.key("<a@example.org>").certificate.serialized())
        }
        var ring: [UInt8] = []
        for index in 0..<5 { ring += try Self.key("<user\(index)@example.org>").certificate.serialized() }
        var steps: [Int] = []
        let report = try store.importCertificates(ring, provenance: .adminImport, progress: { steps.append($0) })
        #expect(report.count(.new) == 5)
        #expect(steps == [5])
        #expect(try store.list().count == 5)
        #expect(
            try store.list().map(\.certificate.fingerprint.hex)
                == store.list().map(\.certificate.fingerprint.hex).sorted())
    }

    @Test func mailParsesACertificateOnceUntilItChanges() throws {
        let key = try Self.key("<a@example.org>")
        let other = try Self.key("<b@example.org>")
        try take(key)
        for _ in 0..<10 { _ = try found("a@example.org") }
        _ = try store.certificates(for: [.keyID(key.certificate.keyID)])
        #expect(store.cache.parsed == 1)
        // A change of another certificate, made by another process, costs nothing here.
        let second = try KeyStore(at: path, master: master)
        _ = try second.importCertificates(other.certificate.serialized(), provenance: .adminImport)
        #expect(try found("a@example.org") == [key.fingerprint])
        #expect(store.cache.parsed == 1)
        #expect(try found("b@example.org") == [other.fingerprint])
        try second.setProvenance(.message, of: key.fingerprint)
        #expect(
            try store.encryptionCertificates(for: address("a@example.org"), at: Self.now).map(\.provenance) == [
                .message
            ])
        #expect(store.cache.parsed == 3)
        try second.delete(key.fingerprint)
        #expect(try found("a@example.org") == [])
    }

    /// Questions that belong together cost one look; whoever asks later sees what has changed.
    @Test func severalQuestionsNeedOneLook() throws {
        let key = try Self.key("<a@example.org>")
        try take(key)
        let second = try KeyStore(at: path, master: master)
        _ = try found("a@example.org")
        try store.withOneLook { () throws in
            #expect(try found("a@example.org") == [key.fingerprint])
            try second.delete(key.fingerprint)
            #expect(try found("a@example.org") == [key.fingerprint], "looked twice")
            // The look is that of one store.
            #expect(try second.encryptionCertificates(for: address("a@example.org"), at: Self.now).isEmpty)
            // What it has not been asked yet is not older than the question.
            #expect(try store.certificates(for: [.keyID(key.certificate.keyID)]).isEmpty)
        }
        #expect(try found("a@example.org") == [])
        // The first question is what looks.
        try take(key)
        try store.withOneLook { () throws in #expect(try found("a@example.org") == [key.fingerprint]) }
    }

    @Test func theCacheIsBounded() throws {
        let limits = CertificateCache.Limits(certificates: 4, octets: 1 << 20, lookups: 8, secrets: 2)
        let small = try KeyStore(at: path, master: master, migrations: Schema.migrations, cacheLimits: limits)
        for index in 0..<12 { try take(Self.key("<user\(index)@example.org>")) }
        for index in 0..<12 {
            #expect(try small.encryptionCertificates(for: address("user\(index)@example.org"), at: Self.now).count == 1)
            #expect(small.cache.size.certificates <= 4)
            #expect(small.cache.size.lookups <= 8)
        }
    }

    @Test func readersGoOnWhileAWriterWrites() throws {
        let keys = try (0..<8).map { try Self.key("<user\($0)@example.org>") }
        let second = try KeyStore(at: path, master: master)
        let failures = Lock<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 6) { worker in
            do {
                if worker < 2 {
                    let writer = worker == 0 ? store : second
                    for key in keys {
                        _ = try writer.importCertificates(key.certificate.serialized(), provenance: .adminImport)
                    }
                } else {
                    let reader = worker.isMultiple(of: 2) ? store : second
                    for _ in 0..<20 {
                        for index in keys.indices {
                            let address = EmailAddress(localPart: "user\(index)", domain: "example.org")
                            let known =
                                try address.map { try reader.encryptionCertificates(for: $0, at: Self.now) } ?? []
                            if known.count > 1 { failures.withLock { $0.append("twice: \(index)") } }
                        }
                    }
                }
            } catch { failures.withLock { $0.append("\(error)") } }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(try store.counts().certificates == 8)
        for (index, key) in keys.enumerated() { #expect(try found("user\(index)@example.org") == [key.fingerprint]) }
    }
}
