import TestSupport
import Testing

@testable import KeyStore

@Suite struct AuditTests {
    @Test func linesComeNewestFirstAndByName() throws {
        let directory = try TemporaryDirectory()
        let store = try KeyStore(path: directory.file("k.sqlite"), master: try MasterKey.random())
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
}
