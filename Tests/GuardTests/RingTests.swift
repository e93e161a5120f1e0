import KeyStore
import Libcrypto
import MIME
import OpenPGP
import TestSupport
import Testing

@testable import Guard

struct RingTests {
    private static let password = TestGuard.secret("a good password")
    private static let other = TestGuard.secret("another password")

    private func error(_ code: GuardErrorCode) -> GuardError { GuardError(code, "") }

    @Test func ringsAreMadeAndOneIsCurrent() throws {
        let test = try TestGuard()
        let caller = try test.session()
        #expect(try test.service.keyPresence(caller) == (false, false))
        #expect(throws: error(.keyNotFound)) { try test.service.ring(nil, of: caller) }
        #expect(throws: error(.passwordPolicy)) {
            try test.service.createRing(caller, name: "Alice", password: TestGuard.secret("short"))
        }
        let first = try test.service.createRing(caller, name: "Alice", password: Self.password)
        #expect(first.certificate.userIDs.map(\.userID.string) == ["Alice <alice@example.org>"])
        test.pass(seconds: 10)
        let second = try test.service.createRing(
            caller, name: "Alice", password: Self.password, recoveryAddress: EmailAddressText("a@private.example"))
        #expect(try test.service.keyPresence(caller) == (true, true))
        #expect(try test.service.rings(of: caller).map(\.isCurrent) == [true, false])
        #expect(try test.service.ring(nil, of: caller).id == second.id)
        #expect(try test.store.account(for: TestGuard.alice)?.secondary?.canonical == "a@private.example")

        func mailed() throws -> [Fingerprint] {
            try test.store.encryptionCertificates(for: TestGuard.alice, at: Timestamp(test.now)).map(
                \.certificate.fingerprint)
        }
        #expect(try mailed() == [second.certificate.fingerprint])
        try test.service.setCurrentRing(first.certificate.keyID, of: caller)
        #expect(try mailed() == [first.certificate.fingerprint])
        #expect(try test.service.rings(of: caller).filter(\.isCurrent).count == 1)

        // The password of the ring logs in.
        #expect(throws: error(.badPassword)) {
            try test.service.authenticate(caller, .pgp, password: Self.other, minutes: nil)
        }
        _ = try test.service.authenticate(caller, .pgp, password: Self.password, minutes: 10)

        #expect(throws: error(.missingParameter)) {
            try test.service.deleteRing(first.certificate.keyID, of: caller, password: nil)
        }
        #expect(throws: error(.badPassword)) {
            try test.service.deleteRing(first.certificate.keyID, of: caller, password: Self.other)
        }
        try test.service.deleteRing(first.certificate.keyID, of: caller, password: Self.password)
        #expect(try mailed() == [second.certificate.fingerprint])
        #expect(try test.service.attachedToken(of: caller, .pgp) == nil)
        try test.service.deleteRing(second.certificate.keyID, of: caller, password: Self.password)
        #expect(try mailed().isEmpty)
        #expect(try test.service.keyPresence(caller) == (false, false))
    }

    @Test func theLockOfACurrentRingFollowsThePassword() throws {
        let test = try TestGuard { $0.recovery.isOffered = true }
        let caller = try test.session()
        let old = try test.service.createRing(caller, name: "Alice", password: Self.password)
        let current = try test.service.createRing(caller, name: "Alice", password: Self.password)
        _ = try test.service.changePassword(caller, .pgp, from: Self.password, to: Self.other)
        // Older rings keep theirs.
        for (ring, right, wrong) in [(current, Self.other, Self.password), (old, Self.password, Self.other)] {
            let ring = try test.service.ring(ring.certificate.keyID, of: caller)
            #expect(throws: error(.badPassword)) { try test.service.privateBlock(of: ring, caller, password: wrong) }
            #expect(throws: Never.self) { try test.service.privateBlock(of: ring, caller, password: right) }
        }
        let reset = try test.service.prepareReset(caller.account, .pgp)
        try test.service.completeReset(reset)
        _ = try test.service.authenticate(caller, .pgp, password: reset.password, minutes: nil)
    }

    @Test func gpgReadsWhatIsDownloaded() throws {
        let test = try TestGuard()
        // Whose clock says that the time of other tests has not come yet.
        test.pass(seconds: -100_000_000)
        let caller = try test.session()
        let ring = try test.service.createRing(caller, name: "Alice", password: Self.password)
        let gpg = try GnuPGHome()
        let block = try test.service.privateBlock(of: ring, caller, password: Self.password)
        try gpg.run(["--pinentry-mode", "loopback", "--passphrase", "a good password", "--import"], input: block)
        let message = try gpg.run(
            ["--armor", "--encrypt", "--recipient", "alice@example.org"], input: Array("hi".utf8))
        let clear = try gpg.run(
            ["--pinentry-mode", "loopback", "--passphrase", "a good password", "--decrypt"], input: message)
        #expect(clear == Array("hi".utf8))
    }

    @Test func uploadsAreOpenedCheckedAndLockedAnew() throws {
        let test = try TestGuard()
        let caller = try test.session()
        let time = Timestamp(test.now - 1000)
        let secret = try SecretCertificate.generate(userIDs: ["Alice <alice@example.org>"], at: time)
        let block = try secret.locked(password: Self.other).armored()
        let bytes = block.withBytes { span in span.indices.map { span[$0] } }
        #expect(throws: error(.badPassword)) {
            try test.service.uploadRings(bytes, of: caller, password: Self.password, newPassword: Self.password)
        }
        #expect(throws: error(.missingParameter)) {
            try test.service.uploadRings(bytes, of: caller, password: Self.other, newPassword: nil)
        }
        let kept = try test.service.uploadRings(bytes, of: caller, password: Self.other, newPassword: Self.password)
        #expect(kept.map(\.isCurrent) == [true])
        _ = try test.service.authenticate(caller, .pgp, password: Self.password, minutes: nil)

        // The certificate alone comes later, with a user ID more: the private half stays.
        let more = try secret.addingUserID("Alice <a@example.org>", at: Timestamp(test.now - 500))
        let merged = try test.service.uploadRings(
            more.certificate.armored(), of: caller, password: nil, newPassword: nil)
        #expect(merged.map { $0.certificate.userIDs.count } == [2])
        #expect(merged.first?.locked != nil)

        let foreign = try SecretCertificate.generate(userIDs: ["Bob <bob@example.org>"], at: time)
        #expect(throws: error(.noMatchingUserID)) {
            try test.service.uploadRings(
                foreign.certificate.armored(), of: caller, password: nil, newPassword: nil)
        }
        #expect(throws: error(.keyUnreadable)) {
            try test.service.uploadRings([1, 2, 3], of: caller, password: nil, newPassword: nil)
        }
        #expect(throws: error(.keyTooLarge)) {
            try test.service.uploadRings(
                [UInt8](repeating: 0, count: 1 << 20), of: caller, password: nil, newPassword: nil)
        }
    }

    @Test func aRingCannotClaimTheMailOfAnother() throws {
        let test = try TestGuard()
        let caller = try test.session()
        let ring = try test.service.createRing(caller, name: "Alice", password: Self.password)
        try test.service.addUserID(
            name: "Bob", address: EmailAddressText("bob@example.org"), to: ring.certificate.keyID, of: caller,
            password: Self.password)
        #expect(try test.service.ring(nil, of: caller).certificate.userIDs.count == 2)
        let known = try test.store.encryptionCertificates(for: TestGuard.bob, at: Timestamp(test.now))
        #expect(known.allSatisfy { !$0.provenance.bindsAddress })
        #expect(try test.service.directory(search: "bob@example.org").isEmpty)
        #expect(
            try test.service.directory(search: "alice@example.org").map { $0.userIDs.map(\.userID.string) }
                == [["Alice <alice@example.org>"]])
    }

    @Test func keysAreRevokedWithPasswordOrToken() throws {
        let test = try TestGuard()
        let caller = try test.session()
        let ring = try test.service.createRing(caller, name: "Alice", password: Self.password)
        let subkey = try #require(ring.certificate.subkeys.first).key
        test.pass(seconds: 10)
        #expect(throws: error(.tokenInvalid)) {
            try test.service.revoke(subkey.keyID, of: caller, reason: "", password: nil)
        }
        _ = try test.service.authenticate(caller, .pgp, password: Self.password, minutes: 5)
        try test.service.revoke(subkey.keyID, of: caller, reason: "key_superseded", password: nil)
        let described = try test.service.describe(test.service.ring(nil, of: caller))
        #expect(described.keys.map(\.isRevoked) == [false, true])
        #expect(described.keys.map(\.hasPrivate) == [true, true])
        try test.service.revoke(
            ring.certificate.keyID, of: caller, reason: "key_compromised", password: Self.password)
        #expect(try test.service.describe(test.service.ring(nil, of: caller)).keys.map(\.isRevoked) == [true, true])
        #expect(try test.store.encryptionCertificates(for: TestGuard.alice, at: Timestamp(test.now)).isEmpty)
        // Others learn of it.
        #expect(try test.service.directoryIndex(search: "alice@example.org")?.contains(":r\n") == true)
        #expect(throws: error(.badParameter)) {
            try test.service.revoke(subkey.keyID, of: caller, reason: "whatever", password: Self.password)
        }
    }

    @Test func keysOfOthersAreAsAbsentAsNone() throws {
        let test = try TestGuard()
        let alice = try test.session()
        let bob = try test.session(TestGuard.bob)
        _ = try test.service.createRing(alice, name: "Alice", password: Self.password)
        let theirs = try test.service.createRing(bob, name: "Bob", password: Self.password).certificate.keyID
        let none = KeyID(0x1122_3344_5566_7788)
        let operations: [(String, (KeyID) throws -> Void)] = [
            ("ring", { _ = try test.service.ring($0, of: alice) }),
            ("delete", { try test.service.deleteRing($0, of: alice, password: Self.password) }),
            ("current", { try test.service.setCurrentRing($0, of: alice) }),
            ("revoke", { try test.service.revoke($0, of: alice, reason: "", password: Self.password) }),
            (
                "add",
                {
                    try test.service.addUserID(
                        name: "A", address: EmailAddressText("a@example.org"), to: $0, of: alice,
                        password: Self.password)
                }
            ),
        ]
        for (name, operation) in operations {
            var answers: [String] = []
            for keyID in [theirs, none] {
                _ = test.steps.take()
                do {
                    try operation(keyID)
                    Issue.record("\(name) worked")
                } catch let error as GuardError {
                    answers.append("\(error) \(error.parameters) \(test.steps.take().map { "\($0)=\($1)" }.sorted())")
                }
            }
            #expect(answers.count == 2 && answers.first == answers.last, "\(name): \(answers)")
            #expect(answers.first?.hasPrefix("GRD-KEY-0001") == true)
        }
    }
}
