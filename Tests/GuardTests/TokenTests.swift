import Foundation
import KeyStore
import Libcrypto
import OpenPGP
import Testing

@testable import Guard

struct TokenTests {
    private static let secrets = UnlockSecrets(name: [UInt8](repeating: 1, count: 20), key: TestGuard.secret("key"))

    @Test func tokensOpenForTheirSessionTypeAndAccountOnly() throws {
        let test = try TestGuard()
        let caller = try test.session()
        let token = try test.service.issueToken(Self.secrets, to: caller, .pgp)
        #expect(try test.service.unlock(token: token.text, for: caller, .pgp) == Self.secrets)
        #expect(try test.service.unlock(token: token.text, for: caller, .pgp) == Self.secrets)

        var changed = caller
        changed = Caller(
            account: caller.account, sessionHash: caller.sessionHash, sessionSecret: TestGuard.secret("another"))
        let others: [(Caller, CryptoType, SecretBytes)] = [
            (try test.session(), .pgp, token.text), (try test.session(TestGuard.bob), .pgp, token.text),
            (caller, .smime, token.text), (changed, .pgp, token.text),
            (caller, .pgp, TestGuard.secret("none")), (caller, .pgp, TestGuard.secret("")),
        ]
        _ = test.steps.take()
        for (caller, type, token) in others {
            do {
                _ = try test.service.unlock(token: token, for: caller, type)
                Issue.record("opened")
            } catch let error as GuardError {
                #expect(error.code == .tokenInvalid)
                #expect(error.detail == "the token does not count")
            }
            #expect(test.steps.take() == [.read: 1, .seal: 1])
        }
        // And still for the right one.
        #expect(try test.service.unlock(token: token.text, for: caller, .pgp) == Self.secrets)
    }

    @Test func tokensEndWithTheirTimeAndTheirSession() throws {
        let test = try TestGuard { $0.sessions.idleSeconds = 86_400 }
        let caller = try test.session()
        let short = try test.service.issueToken(Self.secrets, to: caller, .pgp, minutes: 10)
        let long = try test.service.issueToken(Self.secrets, to: caller, .smime, minutes: 0)
        #expect(try test.service.attachedToken(of: caller, .pgp)?.minutesValid == 10)
        #expect(try test.service.attachedToken(of: caller, .smime)?.minutesValid == 0)
        #expect(try test.service.attachedToken(of: caller, .pgp)?.text == short.text)
        test.pass(seconds: 301)
        #expect(try test.service.attachedToken(of: caller, .pgp)?.minutesValid == 5)
        test.pass(seconds: 299)
        #expect(throws: GuardError(.tokenInvalid, "")) {
            try test.service.unlock(token: short.text, for: caller, .pgp)
        }
        #expect(try test.service.attachedToken(of: caller, .pgp) == nil)
        #expect(try test.service.unlockAttached(for: caller, .pgp) == nil)
        #expect(try test.service.unlockAttached(for: caller, .smime) == Self.secrets)
        try test.service.logout(caller)
        #expect(throws: GuardError(.tokenInvalid, "")) {
            try test.service.unlock(token: long.text, for: caller, .smime)
        }
        #expect(try test.store.attachedSecrets(account: caller.account.id, type: "SMIME", now: test.now).isEmpty)
    }

    @Test func singleUseTokensWorkOnce() throws {
        let test = try TestGuard()
        let caller = try test.session()
        let token = try test.service.issueToken(Self.secrets, to: caller, .pgp, minutes: -1)
        #expect(try test.service.attachedToken(of: caller, .pgp)?.minutesValid == -1)
        // Wrong hands do not use it up.
        let other = try test.session()
        #expect(throws: GuardError(.tokenInvalid, "")) { try test.service.unlock(token: token.text, for: other, .pgp) }
        // Mail never uses it.
        #expect(try test.store.attachedSecrets(account: caller.account.id, type: "PGP", now: test.now).isEmpty)
        #expect(try test.service.unlockAttached(for: caller, .pgp) == Self.secrets)
        #expect(try test.service.unlockAttached(for: caller, .pgp) == nil)
        #expect(try test.service.attachedToken(of: caller, .pgp) == nil)
        #expect(throws: GuardError(.tokenInvalid, "")) { try test.service.unlock(token: token.text, for: caller, .pgp) }
    }

    @Test func ofFiftyAtOnceOneGetsTheSingleUse() throws {
        let test = try TestGuard()
        let caller = try test.session()
        for _ in 0..<4 {
            let token = try test.service.issueToken(Self.secrets, to: caller, .pgp, minutes: -1)
            let opened = Lock(0)
            let refused = Lock(0)
            DispatchQueue.concurrentPerform(iterations: 50) { _ in
                do {
                    _ = try test.service.unlock(token: token.text, for: caller, .pgp)
                    opened.withLock { $0 += 1 }
                } catch {
                    if error as? GuardError == GuardError(.tokenInvalid, "") { refused.withLock { $0 += 1 } }
                }
            }
            #expect(opened.withLock { $0 } == 1)
            #expect(refused.withLock { $0 } == 49)
        }
    }

    @Test func attachingGivesATokenTheTimeThatIsAskedFor() throws {
        let test = try TestGuard()
        let caller = try test.session()
        let token = try test.service.issueToken(Self.secrets, to: caller, .pgp)
        #expect(try test.service.attachedToken(of: caller, .pgp) == nil)
        for minutes in [Int64(-2), 527_041] {
            #expect(throws: GuardError(.badParameter, "")) {
                try test.service.attach(token: token.text, to: caller, .pgp, minutes: minutes)
            }
        }
        let other = try test.session()
        for (caller, type) in [(other, CryptoType.pgp), (caller, .smime)] {
            #expect(throws: GuardError(.tokenInvalid, "")) {
                try test.service.attach(token: token.text, to: caller, type, minutes: 5)
            }
        }
        let attached = try test.service.attach(token: token.text, to: caller, .pgp, minutes: 5)
        #expect(attached.minutesValid == 5)
        let account = caller.account.id
        let secrets = try test.store.attachedSecrets(account: account, type: "PGP", now: test.now)
        #expect(try secrets.map { try UnlockSecrets(parsing: $0.secrets) } == [Self.secrets])
        #expect(secrets.map(\.ends) == [test.now + 300])
        #expect(try test.store.attachedSecrets(account: account, type: "SMIME", now: test.now).isEmpty)
        #expect(try test.store.attachedSecrets(account: account + 1, type: "PGP", now: test.now).isEmpty)

        // For a single use from now on: not for mail, once for the client, and never for longer again.
        _ = try test.service.attach(token: token.text, to: caller, .pgp, minutes: -1)
        #expect(try test.store.attachedSecrets(account: account, type: "PGP", now: test.now).isEmpty)
        #expect(throws: GuardError(.tokenInvalid, "")) {
            try test.service.attach(token: token.text, to: caller, .pgp, minutes: 0)
        }
        #expect(try test.service.unlock(token: token.text, for: caller, .pgp) == Self.secrets)
        #expect(throws: GuardError(.tokenInvalid, "")) {
            try test.service.attach(token: token.text, to: caller, .pgp, minutes: 5)
        }
    }

    @Test func whatIsAttachedRaisesTheChangeCounter() throws {
        let test = try TestGuard()
        let caller = try test.session()
        var counter = try test.store.changeCounter()
        func rises(_ body: () throws -> Void) throws -> Bool {
            try body()
            let next = try test.store.changeCounter()
            defer { counter = next }
            return next > counter
        }
        let token = try test.service.issueToken(Self.secrets, to: caller, .pgp)
        #expect(try rises { _ = try test.service.attach(token: token.text, to: caller, .pgp, minutes: 1) })
        test.pass(seconds: 61)
        #expect(try rises { try test.service.expireOldThings() })
        #expect(try !rises { try test.service.expireOldThings() })
        _ = try test.service.issueToken(Self.secrets, to: caller, .pgp, minutes: 0)
        counter = try test.store.changeCounter()
        #expect(try rises { try test.service.closeSession(caller) })
    }
}
