import Libcrypto
import MIME
import OpenPGP
import TestSupport
import Testing

@testable import KeyStore

/// What a store remembers of accounts, sessions and rings never outlives a change, whichever process makes it.
@Suite(.onEachEngine) struct RememberedRowsTests {
    private static let now: Int64 = 1_800_000_000

    private let directory: TemporaryDirectory
    /// The one that remembers, and another process.
    private let store: KeyStore
    private let other: KeyStore
    private let alice: EmailAddress

    init() throws {
        directory = try TemporaryDirectory()
        let master = try MasterKey.random()
        store = try KeyStore(at: directory.file("guardd.db"), master: master)
        other = try KeyStore(at: directory.file("guardd.db"), master: master)
        alice = try #require(EmailAddress("alice@guard.test"))
    }

    private func begin(_ id: [UInt8], _ account: Int64, by store: KeyStore) throws {
        try store.insertSession(
            id: id, account: account, origin: "test", now: Self.now, ends: Self.now + 100, lastEnd: Self.now + 1000)
    }

    private func session(_ id: [UInt8], after seconds: Int64 = 0) throws -> KeyStore.SessionRecord? {
        try store.session(id: id, now: Self.now + seconds)
    }

    @Test func accounts() throws {
        #expect(try store.account(for: alice) == nil)
        let made = try other.openAccount(for: alice)
        #expect(try store.account(for: alice) == made)
        let elsewhere = EmailAddress("alice@elsewhere.test")
        try other.setSecondary(elsewhere, account: made.id)
        #expect(try store.account(for: alice)?.secondary == elsewhere)
        try other.changeAccount(made.id, audit: nil) { try KeyStore.close(account: made.id, now: Self.now, in: $0) }
        #expect(try store.account(for: alice) == nil)
    }

    @Test func sessions() throws {
        let account = try other.openAccount(for: alice)
        for name in [UInt8(1), 2, 3] { try begin([name], account.id, by: other) }
        for _ in 0..<2 { #expect(try session([1])?.account == account) }

        let elsewhere = EmailAddress("alice@elsewhere.test")
        try other.setSecondary(elsewhere, account: account.id)
        #expect(try session([1])?.account.secondary == elsewhere)

        #expect(try session([2]) != nil)
        try other.deleteSession(id: [2])
        #expect(try session([2]) == nil)
        try begin([2], account.id, by: other)
        #expect(try session([2]) != nil)

        try other.deleteSessions(account: account.id)
        for name in [UInt8(1), 2, 3] { #expect(try session([name]) == nil) }

        try begin([4], account.id, by: store)
        #expect(try session([4]) != nil)
        try other.changeAccount(account.id, audit: nil) {
            try KeyStore.close(account: account.id, now: Self.now, in: $0)
        }
        #expect(try session([4]) == nil)
    }

    @Test func endsOfSessions() throws {
        let account = try store.openAccount(for: alice)
        try begin([1], account.id, by: store)
        #expect(try session([1], after: 99) != nil)
        #expect(try session([1], after: 100) == nil)
        // Used here, and used by way of another process.
        try store.touchSession(id: [1], now: Self.now, ends: Self.now + 200)
        #expect(try session([1])?.ends == Self.now + 200)
        try other.touchSession(id: [1], now: Self.now, ends: Self.now + 300)
        #expect(try session([1], after: 250)?.ends == Self.now + 300)
        #expect(try session([1], after: 300) == nil)
    }

    @Test func rings() throws {
        let account = try other.openAccount(for: alice)
        #expect(try store.rings(of: account.id).isEmpty)
        let key = try SecretCertificate.generate(userIDs: ["alice@guard.test"], at: Timestamp(Self.now))
        let locked = key.serialized().withBytes { span in span.indices.map { span[$0] } }
        let id = try other.changeAccount(account.id, audit: nil) {
            try other.addRing(
                NewRing(certificate: key.certificate, locked: locked), account: account.id, address: alice,
                isCurrent: true, in: $0)
        }
        let ring = try #require(try store.currentRing(of: account.id))
        #expect(ring.id == id && ring.locked == locked && ring.certificate == key.certificate)
        #expect(try ring.secret()?.certificate.fingerprint == key.certificate.fingerprint)

        let second = try SecretCertificate.generate(userIDs: ["alice@guard.test"], at: Timestamp(Self.now))
        try other.changeAccount(account.id, audit: nil) {
            _ = try other.addRing(
                NewRing(certificate: second.certificate, locked: nil), account: account.id, address: alice,
                isCurrent: true, in: $0)
        }
        #expect(try store.currentRing(of: account.id)?.certificate == second.certificate)
        #expect(try store.rings(of: account.id).map(\.isCurrent) == [true, false])

        try other.changeAccount(account.id, audit: nil) {
            _ = try other.setCurrentRing(id, account: account.id, in: $0)
            _ = try other.replaceLocked(
                ring: id, old: locked, locked: locked + [0xD5, 0], recovery: nil, recoveryMaster: nil, in: $0)
        }
        #expect(try store.currentRing(of: account.id)?.locked == locked + [0xD5, 0])

        try other.changeAccount(account.id, audit: nil) { try other.deleteRing(ring, in: $0) }
        #expect(try store.rings(of: account.id).map(\.certificate) == [second.certificate])
    }

    @Test func onlyOneValueOfTheCounterAndNotTooMuch() {
        let cache = CounterCache<Int, String>(answers: 2, octets: 10)
        cache.remember("one", for: 1, counter: 5, octets: 4)
        #expect(cache.answer(to: 1, counter: 5) == "one")
        #expect(cache.answer(to: 1, counter: 6) == nil)
        // A late answer of an older state changes nothing.
        cache.remember("old", for: 1, counter: 4, octets: 4)
        #expect(cache.answer(to: 1, counter: 5) == "one")
        cache.remember("two", for: 2, counter: 5, octets: 4)
        #expect(cache.answer(to: 1, counter: 5) == "one")
        // A third is one too many: all others go.
        cache.remember("three", for: 3, counter: 5, octets: 4)
        #expect(cache.answer(to: 1, counter: 5) == nil && cache.answer(to: 3, counter: 5) == "three")
        cache.remember("large", for: 4, counter: 5, octets: 7)
        #expect(cache.answer(to: 3, counter: 5) == nil && cache.answer(to: 4, counter: 5) == "large")
        cache.remember("too large", for: 5, counter: 5, octets: 11)
        #expect(cache.answer(to: 5, counter: 5) == nil && cache.answer(to: 4, counter: 5) == "large")
        cache.forget(4)
        #expect(cache.answer(to: 4, counter: 5) == nil)
    }
}
