import MIME
import MailFlow
import OpenPGP
import Testing

@testable import Guard

/// A user's own key signs their mail exactly while a token for it is attached.
struct AttachedSignerTests {
    private static let password = TestGuard.secret("correct horse battery")

    private static func signer(_ test: TestGuard) throws -> KeyID? {
        let keys = StoreKeys(test.store, policy: .standard, trust: nil)
        return try keys.attachedSigningKey(of: TestGuard.alice, at: Timestamp(test.now))?.publicKey.keyID
    }

    @Test func whileATokenIsAttached() throws {
        let test = try TestGuard()
        let caller = try test.session()
        #expect(try Self.signer(test) == nil)
        let ring = try test.service.createRing(caller, name: "Alice", password: Self.password)
        #expect(try Self.signer(test) == nil)
        _ = try test.service.authenticate(caller, .pgp, password: Self.password, minutes: 10)
        #expect(try Self.signer(test) == ring.certificate.verificationKeys(at: Timestamp(test.now)).first?.keyID)
        let other = StoreKeys(test.store, policy: .standard, trust: nil)
        #expect(try other.attachedSigningKey(of: TestGuard.bob, at: Timestamp(test.now)) == nil)
        test.pass(seconds: 601)
        #expect(try Self.signer(test) == nil)
    }

    @Test func notAfterAnotherPasswordOrLogout() throws {
        let test = try TestGuard()
        let caller = try test.session()
        _ = try test.service.createRing(caller, name: "Alice", password: Self.password)
        _ = try test.service.authenticate(caller, .pgp, password: Self.password, minutes: 0)
        #expect(try Self.signer(test) != nil)
        let new = TestGuard.secret("another horse battery")
        _ = try test.service.changePassword(caller, .pgp, from: Self.password, to: new)
        #expect(try Self.signer(test) == nil)
        _ = try test.service.authenticate(caller, .pgp, password: new, minutes: 0)
        #expect(try Self.signer(test) != nil)
        try test.service.logout(caller)
        #expect(try Self.signer(test) == nil)
    }

    /// Mail to the user is opened, and nobody else's.
    @Test func mailIsOpenedWhileATokenIsAttached() throws {
        let test = try TestGuard()
        let keys = StoreKeys(test.store, policy: .standard, trust: nil)
        func opening(_ user: EmailAddress = TestGuard.alice) throws -> Int {
            try keys.openingKeys(of: user, at: Timestamp(test.now)).count
        }
        let caller = try test.session()
        _ = try test.service.createRing(caller, name: "Alice", password: Self.password)
        #expect(try opening() == 0)
        _ = try test.service.authenticate(caller, .pgp, password: Self.password, minutes: 10)
        #expect(try opening() == 1 && opening(TestGuard.bob) == 0)
        test.pass(seconds: 601)
        #expect(try opening() == 0)
        _ = try test.service.authenticate(caller, .pgp, password: Self.password, minutes: -1)
        #expect(try opening() == 0)
    }
}
