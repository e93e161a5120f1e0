import CMS
import KeyStore
import Libcrypto
import MIME
import OpenPGP
import Testing

@testable import Guard

/// Each change is in one transaction with its line of the audit log.
@Suite struct AuditedChangeTests {
    private static let guest = TestGuard.address("nobody@partner.example")
    private let mailed: MailedGuard
    private let password = TestGuard.secret("a good password")
    private var test: TestGuard { mailed.test }
    private var service: Guard { mailed.service }

    init() throws {
        let authority = try CertificateAuthority.create(
            name: try #require(CertificateName(commonName: "House")), key: .generate(.p256), at: 1_790_000_000,
            days: 3650)
        mailed = try MailedGuard(certificates: AuthorityIssuer(authority, days: 365)) {
            $0.certificates.keyKind = .p256
        }
    }

    /// Changes that were made, the oldest first.
    private func lines() throws -> [String] {
        try test.store.audit(limit: 1000).filter { $0.result == "ok" }.map(\.action).reversed()
    }

    /// Makes a change twice: when its line cannot be written nothing happens, otherwise there is one line.
    private func check(
        _ action: String, _ address: EmailAddress = TestGuard.alice, sourceLocation: SourceLocation = #_sourceLocation,
        _ change: () throws -> Void
    ) throws {
        test.pass(seconds: 10)
        let account = try #require(try test.store.account(for: address)).id
        _ = try test.store.changeAccount(account, audit: nil) { connection in
            try connection.execute(
                """
                CREATE TRIGGER no_line BEFORE INSERT ON audit WHEN NEW.result = 'ok'
                BEGIN SELECT RAISE(ABORT, 'no line'); END
                """)
        }
        let before = try test.store.account(id: account)
        #expect(throws: GuardError(.internalFailure, ""), "\(action)", sourceLocation: sourceLocation) { try change() }
        let after = try test.store.account(id: account)
        #expect(after?.version == before?.version, "\(action)", sourceLocation: sourceLocation)
        _ = try test.store.changeAccount(account, audit: nil) { try $0.execute("DROP TRIGGER no_line") }
        let known = try lines()
        try change()
        #expect(try lines() == known + [action], sourceLocation: sourceLocation)
    }

    @Test func ofRings() throws {
        let alice = try test.session()
        try check("key.create") { _ = try service.createRing(alice, name: "Alice", password: password) }
        let ring = try service.ring(nil, of: alice).certificate
        try check("key.adduserid") {
            try service.addUserID(
                name: "A", address: .init("a@example.org"), to: ring.keyID, of: alice, password: password)
        }
        let other = try SecretCertificate.generate(userIDs: ["<alice@example.org>"], at: Timestamp(test.now))
        let file = other.serialized().withBytes { span in span.indices.map { span[$0] } }
        try check("key.upload") { _ = try service.uploadRings(file, of: alice, password: nil, newPassword: password) }
        try check("key.current") { try service.setCurrentRing(ring.keyID, of: alice) }
        try check("key.delete") { try service.deleteRing(other.certificate.keyID, of: alice, password: password) }
        #expect(throws: GuardError(.keyNotFound, "")) { try service.setCurrentRing(other.certificate.keyID, of: alice) }
        try check("key.revoke") { try service.revoke(ring.keyID, of: alice, reason: "", password: password) }
        try check("support.delete") { try service.deleteKeys(of: alice.account, actor: "uid:0") }
        try check("support.expose") { _ = try service.exposeKeys(of: alice.account, host: "h", actor: "uid:0") }
        let refused = try test.store.audit(limit: 100).filter { $0.result == GuardErrorCode.keyNotFound.rawValue }
        #expect(refused.map(\.action) == ["key.current"])
    }

    @Test func ofRingsOfOthers() throws {
        let alice = try test.session()
        let carol = try SecretCertificate.generate(userIDs: ["<carol@partner.example>"], at: Timestamp(test.now))
        let handle = carol.fingerprint.hex
        try check("external.upload") { _ = try service.uploadExternalRings(carol.certificate.armored(), of: alice) }
        try check("external.share") { try service.setShared(true, external: handle, of: alice) }
        try check("external.inline") { try service.setInline(true, external: handle, of: alice) }
        try check("external.delete") { try service.deleteExternalRing(handle, .uploaded, of: alice) }
        let keydata = Base64Text.encode(carol.certificate.serialized())
        let header = Array("addr=carol@partner.example; keydata=\(keydata)".utf8)
        try check("autocrypt.import") {
            _ = try service.importAutocrypt(header, sent: test.now, adds: true, isConfirmed: false, of: alice)
        }
        try check("autocrypt.verify") { _ = try service.setAutocryptVerified(true, handle, of: alice) }
    }

    @Test func ofPasswords() throws {
        let alice = try test.session()
        _ = try service.createRing(alice, name: "Alice", password: password)
        let new = TestGuard.secret("another password")
        try check("password.change PGP") { _ = try service.changePassword(alice, .pgp, from: password, to: new) }
        try check("secondary.change PGP") {
            try service.changeSecondary(alice, .pgp, to: TestGuard.address("a@private.example"), password: new)
        }
        try check("password.reset PGP") { try service.resetPassword(alice, .pgp, source: "test") }
        let last = try mailed.password(mailed.bag.mails.count - 1)
        try check("recovery.delete PGP") { try service.deleteRecovery(alice, .pgp, password: last) }
        let bob = try test.session(TestGuard.bob)
        _ = try service.createRing(bob, name: "Bob", password: password)
        try check("support.reset", TestGuard.bob) {
            try service.resetPassword(of: bob.account, .pgp, fallback: nil, language: "", actor: "uid:0")
        }
    }

    @Test func ofCertificates() throws {
        let alice = try test.session()
        try check("certificate.create") { _ = try service.createCertificate(alice, password: password) }
        let first = try #require(try service.certificates(of: alice).first).serial
        _ = try service.createCertificate(alice, password: password)
        try check("certificate.current") { try service.setCurrentCertificate(alice, serial: first) }
        let known = try lines()
        try service.setCurrentCertificate(alice, serial: first)
        #expect(try lines() == known)
        let own = try #require(try test.store.currentSMIMEKey(of: alice.account.id)).certificate
        try check("certificate.upload-recipient") {
            _ = try service.uploadRecipientCertificates(alice, file: Array(own.pem))
        }
        try check("certificate.delete") { try service.deleteCertificate(alice, serial: first, password: password) }
    }

    @Test func ofGuests() throws {
        let spool = Spool()
        try spool.append(Array("From: alice@example.org\r\nTo: nobody@partner.example\r\n\r\nfor you\r\n".utf8))
        try service.hold(spool, for: [Self.guest], from: TestGuard.alice, language: "")
        let account = try #require(try test.store.account(for: Self.guest))
        let item = try mailed.parameter("item", of: 0)
        try check("support.pin", Self.guest) { try service.removePIN(of: account, actor: "uid:0") }
        try check("guest.first", Self.guest) {
            _ = try service.assignFirstPassword(
                GuestFirstPassword(
                    address: Self.guest, item: item, pin: nil, answer: TestGuard.secret("Rex"), password: password))
        }
        try service.requestGuestReset(
            address: Self.guest, answer: TestGuard.secret("Rex"), language: "", templateNumber: nil)
        let reset = try mailed.parameter("resetid", of: mailed.bag.mails.count - 1)
        try check("guest.reset", Self.guest) {
            try service.completeGuestReset(address: Self.guest, resetID: reset, password: password)
        }
        let bob = try test.session(TestGuard.bob)
        try check("support.upgrade", Self.guest) {
            try service.upgradeGuest(account, to: bob.account, actor: "uid:0")
        }
    }
}
