import KeyStore
import Libcrypto
import MIME
import Testing

@testable import Guard

struct SessionTests {
    private struct Passwords: PasswordVerifier {
        let calls = Lock(0)

        func verify(mailbox: EmailAddress, password: SecretBytes) throws -> Bool {
            calls.withLock { $0 += 1 }
            return password == TestGuard.secret("of " + mailbox.canonical)
        }
    }

    @Test func trustedPeersOpenAnyMailboxOfOurs() throws {
        let test = try TestGuard()
        let opened = try test.service.openSession(for: TestGuard.alice, .trusted(name: "uid 0"))
        #expect(TestGuard.text(opened.identifier).count == 43)
        #expect(opened.ends == test.now + 3600)
        let caller = try test.service.caller(session: opened.identifier, peer: "uid 0")
        #expect(caller.account.address == TestGuard.alice)
        #expect(caller.sessionHash == opened.caller.sessionHash)
        // The same account again, and another for another mailbox of the same domain.
        let again = try test.session(TestGuard.address("ALICE@example.org"))
        #expect(again.account.id == caller.account.id)
        let bob = try test.session(TestGuard.bob)
        #expect(bob.account.id != caller.account.id)
        #expect(bob.account.domainID == caller.account.domainID)
        #expect(throws: GuardError(.notAllowed, "")) { try test.session(TestGuard.address("eve@example.com")) }
    }

    @Test func loginNamesAreMailboxes() throws {
        let test = try TestGuard(loginNames: [1000: "alice", 1001: "bob"])
        #expect(throws: Never.self) {
            try test.service.openSession(for: TestGuard.alice, .local(user: 1000, password: nil))
        }
        for user in [UInt32(1001), 1002] {
            #expect(throws: GuardError(.credentialsRefused, "")) {
                try test.service.openSession(for: TestGuard.alice, .local(user: user, password: nil))
            }
        }
        let other = try TestGuard(loginNames: [1000: "alice"]) { $0.sessions.loginDomain = nil }
        #expect(throws: GuardError(.credentialsRefused, "")) {
            try other.service.openSession(for: TestGuard.alice, .local(user: 1000, password: nil))
        }
        #expect(LoginName.of(user: 0) == "root")
        #expect(LoginName.of(user: 4_000_000_000) == nil)
    }

    @Test func mailboxPasswordsOpenSessionsAndLock() throws {
        let passwords = Passwords()
        let test = try TestGuard(ports: GuardPorts(passwords: passwords))
        let right = TestGuard.secret("of alice@example.org")
        #expect(throws: Never.self) { try test.service.openSession(for: TestGuard.alice, .password(right)) }
        for mailbox in [TestGuard.alice, TestGuard.address("nobody@example.org"), TestGuard.address("x@example.com")] {
            let before = passwords.calls.withLock { $0 }
            for _ in 0..<5 {
                #expect(throws: GuardError(.credentialsRefused, "")) {
                    try test.service.openSession(for: mailbox, .password(TestGuard.secret("wrong")))
                }
            }
            #expect(throws: GuardError(.lockedOut, "")) {
                try test.service.openSession(for: mailbox, .password(right))
            }
            #expect(passwords.calls.withLock { $0 } == before + 5)
        }
        test.pass(seconds: 601)
        #expect(throws: Never.self) { try test.service.openSession(for: TestGuard.alice, .password(right)) }
    }

    @Test func sessionsEndWhenIdleAndAtTheLatestAfterADay() throws {
        let test = try TestGuard()
        let first = try test.session()
        test.pass(seconds: 3599)
        #expect(throws: Never.self) { try test.service.caller(session: first.sessionSecret, peer: "") }
        test.pass(seconds: 3599)
        #expect(throws: Never.self) { try test.service.caller(session: first.sessionSecret, peer: "") }
        test.pass(seconds: 3600)
        #expect(throws: GuardError(.sessionInvalid, "")) {
            try test.service.caller(session: first.sessionSecret, peer: "")
        }
        let second = try test.session()
        for _ in 0..<24 {
            test.pass(seconds: 3590)
            #expect(throws: Never.self) { try test.service.caller(session: second.sessionSecret, peer: "") }
        }
        test.pass(seconds: 240)
        #expect(throws: GuardError(.sessionInvalid, "")) {
            try test.service.caller(session: second.sessionSecret, peer: "")
        }
        try test.service.expireOldThings()
        #expect(try test.store.session(id: second.sessionHash, now: 0) == nil)
    }

    @Test func logoutEndsAllSessionsOfTheAccountAndCloseOne() throws {
        let test = try TestGuard()
        let (one, two, three) = (try test.session(), try test.session(), try test.session())
        let bob = try test.session(TestGuard.bob)
        try test.service.closeSession(one)
        #expect(throws: GuardError(.sessionInvalid, "")) {
            try test.service.caller(session: one.sessionSecret, peer: "")
        }
        #expect(throws: Never.self) { try test.service.caller(session: two.sessionSecret, peer: "") }
        try test.service.logout(two)
        for caller in [one, two, three] {
            #expect(throws: GuardError(.sessionInvalid, "")) {
                try test.service.caller(session: caller.sessionSecret, peer: "")
            }
        }
        #expect(throws: Never.self) { try test.service.caller(session: bob.sessionSecret, peer: "") }
    }

    @Test func guessesOfOnePeerAreLimited() throws {
        let resolver = Resolver()
        let test = try TestGuard(ports: GuardPorts(sessions: resolver))
        let real = try test.session()
        func guess(_ number: Int, _ peer: String) -> GuardError? {
            do {
                _ = try test.service.caller(session: TestGuard.secret("guess-of-a-session-\(number)"), peer: peer)
                return nil
            } catch { return error as? GuardError }
        }
        _ = test.steps.take()
        for number in 0..<60 { #expect(guess(number, "uid 1")?.retryAfter == 0) }
        #expect(test.steps.take() == [.read: 60])
        #expect(resolver.asked.withLock { $0 } == 60)
        for number in 60..<70 {
            let error = guess(number, "uid 1")
            #expect(error?.code == .sessionInvalid)
            #expect(error?.retryAfter == 60)
        }
        // The issuer of other sessions is left in peace, other peers are, and so are sessions that exist.
        #expect(resolver.asked.withLock { $0 } == 60)
        #expect(guess(70, "uid 2")?.retryAfter == 0)
        #expect(throws: Never.self) { try test.service.caller(session: real.sessionSecret, peer: "uid 1") }
        test.pass(seconds: 60)
        #expect(guess(71, "uid 1")?.retryAfter == 0)
    }

    /// Issues sessions elsewhere.
    private final class Resolver: SessionResolver {
        let asked = Lock(0)
        let sessions = Lock<[String: ResolvedSession]>([:])

        func resolve(session: String) throws -> ResolvedSession? {
            asked.withLock { $0 += 1 }
            return sessions.withLock { $0[session] }
        }
    }

    @Test func sessionsOfAnotherIssuerEndWithIt() throws {
        let resolver = Resolver()
        let test = try TestGuard(ports: GuardPorts(sessions: resolver))
        let name = "0123456789abcdef0123456789abcdef"
        let secret = TestGuard.secret(name)
        #expect(throws: GuardError(.sessionInvalid, "")) { try test.service.caller(session: secret, peer: "") }
        resolver.sessions.withLock { $0[name] = ResolvedSession(mailbox: TestGuard.alice, isGuest: false) }
        let caller = try test.service.caller(session: secret, peer: "")
        #expect(caller.account.address == TestGuard.alice)
        #expect(resolver.asked.withLock { $0 } == 2)
        test.pass(seconds: 299)
        _ = try test.service.caller(session: secret, peer: "")
        #expect(resolver.asked.withLock { $0 } == 2)
        test.pass(seconds: 1)
        _ = try test.service.caller(session: secret, peer: "")
        #expect(resolver.asked.withLock { $0 } == 3)
        // Somebody else's by now: over for us, even if it is there.
        resolver.sessions.withLock { $0[name] = ResolvedSession(mailbox: TestGuard.bob, isGuest: false) }
        test.pass(seconds: 300)
        #expect(throws: GuardError(.sessionInvalid, "")) { try test.service.caller(session: secret, peer: "") }
        resolver.sessions.withLock { $0 = [:] }
        #expect(throws: GuardError(.sessionInvalid, "")) { try test.service.caller(session: secret, peer: "") }
        // Never asked: what cannot stand in a path.
        let asked = resolver.asked.withLock { $0 }
        for odd in [
            "../../etc/passwd-and-more", "a b c d e f g h i j k l m", "short", String(repeating: "a", count: 200),
        ] {
            #expect(throws: GuardError(.sessionInvalid, "")) {
                try test.service.caller(session: TestGuard.secret(odd), peer: "")
            }
        }
        #expect(resolver.asked.withLock { $0 } == asked)
        // A guest without account stays one.
        resolver.sessions.withLock {
            $0[name] = ResolvedSession(mailbox: TestGuard.address("g@example.net"), isGuest: true)
        }
        #expect(throws: GuardError(.sessionInvalid, "")) { try test.service.caller(session: secret, peer: "") }
    }
}
