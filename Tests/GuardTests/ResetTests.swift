import KeyStore
import Libcrypto
import MIME
import OpenPGP
import TestSupport
import Testing

@testable import Guard

@Suite struct ResetTests {
    private static let password = TestGuard.secret("forgotten password")

    private func caller(_ mailed: MailedGuard) throws -> Caller {
        let caller = try mailed.test.session()
        _ = try mailed.service.createRing(caller, name: "Alice", password: Self.password)
        return caller
    }

    @Test func mailsANewPasswordThatOpensTheSameKey() throws {
        let mailed = try MailedGuard()
        let caller = try caller(mailed)
        let before = try #require(try mailed.test.store.currentRing(of: caller.account.id))
        try mailed.service.resetPassword(caller, .pgp, source: "uid:33", language: "de_DE")
        #expect(mailed.bag.mails.map(\.recipients) == [[TestGuard.alice]])
        #expect(try mailed.text(0).contains("Passwort"))
        let new = try mailed.password(0)
        #expect(throws: GuardError(.badPassword, "")) {
            try mailed.service.verifyPassword(caller.account, .pgp, Self.password)
        }
        _ = try mailed.service.verifyPassword(caller.account, .pgp, new)
        let after = try #require(try mailed.test.store.currentRing(of: caller.account.id))
        #expect(after.certificate.fingerprint == before.certificate.fingerprint)
    }

    @Test func goesToTheSecondaryAddress() throws {
        let mailed = try MailedGuard()
        let secondary = TestGuard.address("alice@elsewhere.example")
        let caller = try caller(mailed)
        try mailed.test.store.setSecondary(secondary, account: caller.account.id)
        try mailed.service.resetPassword(try mailed.test.session(), .pgp, source: "uid:33")
        #expect(mailed.bag.mails.map(\.recipients) == [[secondary]])
        let fallback = TestGuard.address("desk@example.org")
        let account = try mailed.service.supportedAccount(TestGuard.alice, userID: nil, contextID: nil)
        try mailed.service.resetPassword(of: account, .pgp, fallback: fallback, language: "", actor: "uid:0")
        try mailed.test.store.setSecondary(nil, account: account.id)
        let plain = try mailed.service.supportedAccount(nil, userID: account.id, contextID: account.domainID)
        try mailed.service.resetPassword(of: plain, .pgp, fallback: fallback, language: "", actor: "uid:0")
        #expect(mailed.bag.mails.map(\.recipients) == [[secondary], [secondary], [fallback]])
    }

    @Test func leavesTheOldPasswordWhereTheMailDoesNotLeave() throws {
        let mailed = try MailedGuard(isBroken: true)
        let caller = try caller(mailed)
        #expect(throws: GuardError(.mailNotSent, "")) {
            try mailed.service.resetPassword(caller, .pgp, source: "uid:33")
        }
        _ = try mailed.service.verifyPassword(caller.account, .pgp, Self.password)
    }

    @Test func isRefusedWithoutRecovery() throws {
        let mailed = try MailedGuard { $0.recovery.isOffered = false }
        let caller = try caller(mailed)
        #expect(throws: GuardError(.recoveryDisabled, "")) {
            try mailed.service.resetPassword(caller, .pgp, source: "uid:33")
        }
        #expect(mailed.bag.mails.isEmpty)
    }

    @Test func isLimitedPerAccount() throws {
        let mailed = try MailedGuard()
        let caller = try caller(mailed)
        for _ in 0..<3 { try mailed.service.resetPassword(caller, .pgp, source: "uid:33") }
        let count = mailed.bag.mails.count
        let error = #expect(throws: GuardError(.lockedOut, "")) {
            try mailed.service.resetPassword(caller, .pgp, source: "uid:34")
        }
        #expect((error?.retryAfter ?? 0) > 3000 && mailed.bag.mails.count == count)
        mailed.test.pass(seconds: 3601)
        try mailed.service.resetPassword(try mailed.test.session(), .pgp, source: "uid:33")
    }
}

@Suite struct SupportTests {
    private static let password = TestGuard.secret("forgotten password")

    @Test func deletedKeysCanBeDownloadedForATime() throws {
        let mailed = try MailedGuard()
        let caller = try mailed.test.session()
        let ring = try mailed.service.createRing(caller, name: "Alice", password: Self.password)
        let account = caller.account
        #expect(throws: GuardError(.keyNotFound, "")) {
            try mailed.service.exposeKeys(of: account, host: "guard.example.org", actor: "uid:0")
        }
        try mailed.service.deleteKeys(of: account, actor: "uid:0")
        #expect(try mailed.test.store.currentRing(of: account.id) == nil)
        #expect(throws: GuardError(.privateKeyMissing, "")) {
            try mailed.service.verifyPassword(account, .pgp, Self.password)
        }
        let (url, ends) = try mailed.service.exposeKeys(of: account, host: "guard.example.org", actor: "uid:0")
        #expect(ends == mailed.test.now + 24 * 3600)
        let start = "https://guard.example.org/guardsupport/exposed/"
        #expect(url.hasPrefix(start))
        let token = String(url.dropFirst(start.count))
        #expect(token.count == 64)
        let armored = try #require(try mailed.service.exposedKeys(token))
        let secret = try SecretCertificate(parsing: armored)
        #expect(secret.fingerprint == ring.certificate.fingerprint && secret.isLocked)
        _ = try secret.unlocked(password: Self.password)
        for bad in ["", "x", String(token.reversed()), token + "00"] {
            #expect(try mailed.service.exposedKeys(bad) == nil)
            #expect(try mailed.service.exposedKeys(bad, password: Self.password) == nil)
        }
        mailed.test.pass(seconds: 24 * 3600 - 1)
        #expect(try mailed.service.exposedKeys(token) != nil)
        mailed.test.pass(seconds: 1)
        #expect(try mailed.service.exposedKeys(token) == nil)
    }

    @Test func aPasswordMakesExposedKeysReadable() throws {
        let mailed = try MailedGuard()
        let caller = try mailed.test.session()
        let other = TestGuard.secret("an older password")
        for password in [other, Self.password] {
            _ = try mailed.service.createRing(caller, name: "Alice", password: password)
        }
        try mailed.service.deleteKeys(of: caller.account, actor: "uid:0")
        let (url, _) = try mailed.service.exposeKeys(of: caller.account, host: "guard.example.org", actor: "uid:0")
        let token = String(try #require(url.split(separator: "/").last))
        /// The secret keys in it that GnuPG can read: locked by an iterated hash, not by Argon2.
        func readable(_ password: SecretBytes?) throws -> Int {
            let home = try GnuPGHome()
            let found = try mailed.service.exposedKeys(token, password: password)
            guard let keys = found else { throw TestFailure("nothing is exposed") }
            #expect(String(decoding: keys, as: UTF8.self).split(separator: "BEGIN PGP PRIVATE KEY BLOCK").count == 3)
            return try home.listPackets(keys).split(separator: "iter+salt S2K").count - 1
        }
        #expect(try readable(nil) == 0)
        // A primary key and a subkey of the one ring that the password opens.
        #expect(try readable(other) == 2)
        #expect(try readable(Self.password) == 2)
        for _ in 0..<5 {
            #expect(throws: GuardError(.badPassword, "")) {
                try mailed.service.exposedKeys(token, password: TestGuard.secret("wrong"))
            }
        }
        #expect(throws: GuardError(.lockedOut, "")) { try mailed.service.exposedKeys(token, password: Self.password) }
        // The account's own lock is another.
        #expect(try mailed.service.exposedKeys(token) != nil)
        _ = try mailed.service.createRing(caller, name: "Alice", password: Self.password)
        _ = try mailed.service.verifyPassword(caller.account, .pgp, Self.password)
    }

    @Test func namesAccountsByMailboxOrNumbers() throws {
        let mailed = try MailedGuard()
        let account = try mailed.test.session().account
        #expect(
            try mailed.service.supportedAccount(TestGuard.alice, userID: account.id, contextID: account.domainID).id
                == account.id)
        for (address, user, context) in [
            (TestGuard.bob as EmailAddress?, nil as Int64?, nil as Int64?), (nil, nil, nil), (nil, 4711, nil),
            (TestGuard.alice, account.id + 1, nil), (nil, account.id, account.domainID + 1),
        ] {
            #expect(throws: GuardError(.badParameter, "")) {
                try mailed.service.supportedAccount(address, userID: user, contextID: context)
            }
        }
    }
}
