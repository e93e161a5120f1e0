import MIME
import TestSupport
import Testing

@testable import KeyStore

@Suite(.onEachEngine) struct AuditTests {
    @Test func linesComeNewestFirstAndByName() throws {
        let directory = try TemporaryDirectory()
        let store = try KeyStore(at: directory.file("k.sqlite"), master: try MasterKey.random())
        for number in 1...5 {
            try store.appendAudit(
                .init(
                    time: Int64(number), actor: number % 2 == 0 ? "uid:0" : "user:a@b.example", action: "key.create",
                    target: "t\(number)", result: "ok"))
        }
        #expect(try store.audit(limit: 3).map(\.target) == ["t5", "t4", "t3"])
        let last = try store.audit(limit: 3).last
        #expect(try store.audit(before: last?.id, limit: 9).map(\.target) == ["t2", "t1"])
        #expect(try store.audit(.actor("uid:0"), limit: 9).map(\.time) == [4, 2])
        #expect(try store.audit(.target("t3"), limit: 9).map(\.actor) == ["user:a@b.example"])
        #expect(try store.audit(.target("'; DROP TABLE audit; --"), limit: 9).isEmpty)
        #expect(try store.pruneAudit(before: 4) == 3)
        #expect(try store.audit(limit: 9).map(\.target) == ["t5", "t4"])
    }

    @Test func aLineIsThereIfAndOnlyIfItsChangeIs() throws {
        let directory = try TemporaryDirectory()
        let store = try KeyStore(at: directory.file("k.sqlite"), master: try MasterKey.random())
        let address = try #require(EmailAddress("alice@example.org"))
        let account = try store.openAccount(for: address).id
        let version = { try store.account(id: account)?.version }
        let line = KeyStore.AuditRecord(time: 1, actor: "uid:0", action: "key.create", target: "t", result: "ok")
        try store.changeAccount(account, audit: line) { _ in }
        try store.changeAccount(account, audit: nil) { _ in }
        #expect(try store.audit(limit: 9).map(\.action) == ["key.create"])
        #expect(try version() == 2)

        #expect(throws: KeyStoreError(.unusableInput, "")) {
            try store.changeAccount(account, audit: line) { _ in throw KeyStoreError(.unusableInput, "no") }
        }
        try store.database.write { _ = try $0.execute("ALTER TABLE audit RENAME TO gone") }
        #expect(throws: KeyStoreError(.internalFailure, "")) { try store.changeAccount(account, audit: line) { _ in } }
        try store.database.write { _ = try $0.execute("ALTER TABLE gone RENAME TO audit") }
        #expect(try store.audit(limit: 9).count == 1)
        #expect(try version() == 2)
    }
}
