import Foundation
import Libcrypto
import MIME
import TestSupport
import Testing

@testable import KeyStore

@Suite struct PostgresEngineTests {
    let master: MasterKey
    let schema: String
    let url: String
    let server: PostgresServer

    init() throws {
        server = try PostgresServer.shared()
        master = try MasterKey.random()
        schema = "p" + UUID().uuidString.lowercased().replacing("-", with: "")
        url = try server.makeSchema(schema)
    }

    private func engine() throws -> any StoreEngine { try StoreLocation(url).engine(readers: 2, busyTimeout: 5) }

    private func address(_ text: String) throws -> EmailAddress { try #require(EmailAddress(text)) }

    @Test func everyCommitIsSynced() throws {
        try server.run("ALTER ROLE guardd SET synchronous_commit = off")
        defer { _ = try? server.run("ALTER ROLE guardd RESET synchronous_commit") }
        let settings = try KeyStore(url: url, master: master).settings()
        #expect(
            settings
                == KeyStore.Settings(
                    journalMode: "postgresql", synchronous: 2, foreignKeys: true,
                    schemaVersion: try #require(Schema.migrations.last).version))
    }

    @Test func valuesComeBackAsTheyWere() throws {
        let engine = try engine()
        let values: [SQLValue] = [
            .null, .integer(.min), .integer(-1), .integer(0), .integer(.max), .text(""), .text("é\u{1F511}'; DROP"),
            .blob([]), .blob(Array(0...255)),
        ]
        try engine.write { connection in
            try connection.execute("CREATE TABLE v (id BIGINT, i BIGINT, t TEXT, b BYTEA)")
            for (index, value) in values.enumerated() {
                var arguments: [String: SQLValue] = ["id": SQLValue(index), "i": nil, "t": nil, "b": nil]
                switch value {
                case .null: break
                case .integer: arguments["i"] = value
                case .text: arguments["t"] = value
                case .blob: arguments["b"] = value
                }
                #expect(try connection.execute("INSERT INTO v VALUES (:id, :i, :t, :b)", arguments) == 1)
            }
        }
        let rows = try engine.read { try $0.rows("SELECT i, t, b FROM v ORDER BY id") }
        for (row, value) in zip(rows, values) {
            #expect(row.values.filter { $0 != .null } == (value == .null ? [] : [value]))
        }
        let number = try engine.read { try $0.row("SELECT 7 AS four, COUNT(*) AS eight, 1 = 1 AS bool FROM v") }
        #expect(try number?.integer("four") == 7 && number?.integer("eight") == 9 && number?.bool("bool") == true)
    }

    @Test func valuesOfAnotherTypeAreRefused() throws {
        let engine = try engine()
        try engine.write { _ = try $0.execute("CREATE TABLE v (i BIGINT, t TEXT, b BYTEA)") }
        for (column, value) in [("i", SQLValue.text("1")), ("t", .integer(1)), ("b", .text("x")), ("t", .blob([65]))] {
            #expect(throws: KeyStoreError(.internalFailure, "")) {
                try engine.write { _ = try $0.execute("INSERT INTO v (\(column)) VALUES (:x)", ["x": value]) }
            }
        }
        #expect(throws: KeyStoreError(.internalFailure, "")) {
            try engine.write { _ = try $0.execute("INSERT INTO v (i) VALUES (:x)") }
        }
        #expect(throws: KeyStoreError(.unusableInput, "")) {
            try engine.write { _ = try $0.execute("INSERT INTO v (t) VALUES (:x)", ["x": "a\0b"]) }
        }
        #expect(try engine.read { try $0.rows("SELECT * FROM v") }.isEmpty)
    }

    @Test func whatFailedLeavesNothing() throws {
        let engine = try engine()
        try engine.write { _ = try $0.execute("CREATE TABLE v (i BIGINT PRIMARY KEY)") }
        let insert = "INSERT INTO v VALUES (:i)"
        let error = #expect(throws: KeyStoreError.self) {
            try engine.write { connection in
                try connection.execute(insert, ["i": 1])
                try connection.execute(insert, ["i": 1])
            }
        }
        #expect(error?.code == .internalFailure)
        // Going on after a failed statement must not look like success.
        #expect(throws: KeyStoreError.self) {
            try engine.write { connection in
                try connection.execute(insert, ["i": 2])
                _ = try? connection.execute(insert, ["i": 2])
            }
        }
        #expect(try engine.read { try $0.rows("SELECT * FROM v") }.isEmpty)
        try engine.write { _ = try $0.execute(insert, ["i": 1]) }
        #expect(try engine.read { try $0.rows("SELECT * FROM v") }.count == 1)
    }

    @Test func readingSeesOneMoment() throws {
        let engine = try engine()
        try engine.write { _ = try $0.execute("CREATE TABLE v (i BIGINT)") }
        let insert = "INSERT INTO v VALUES (1)"
        try engine.read { connection in
            #expect(try connection.rows("SELECT * FROM v").isEmpty)
            _ = try engine.write { try $0.execute(insert) }
            #expect(try connection.rows("SELECT * FROM v").isEmpty)
        }
        #expect(try engine.read { try $0.rows("SELECT * FROM v") }.count == 1)
        #expect(throws: KeyStoreError.self) { try engine.read { _ = try $0.execute(insert) } }
    }

    @Test func writersComeOneAfterTheOther() throws {
        let engines = [try engine(), try engine()]
        try engines[0].write { connection in
            try connection.execute("CREATE TABLE v (i BIGINT)")
            try connection.execute("INSERT INTO v VALUES (0)")
        }
        let failures = Lock<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 8) { worker in
            for _ in 0..<20 {
                do {
                    try engines[worker % 2].write { connection in
                        // Not one statement on purpose: nothing may come between.
                        let i = try connection.row("SELECT i FROM v")?.integer("i") ?? -1
                        try connection.execute("UPDATE v SET i = :i", ["i": SQLValue(i + 1)])
                    }
                } catch { failures.withLock { $0.append("\(error)") } }
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(try engines[1].read { try $0.row("SELECT i FROM v")?.integer("i") } == 160)
    }

    @Test func anotherProgramsTablesAreNotTouched() throws {
        try server.run("CREATE TABLE \(schema).theirs (id INTEGER)")
        #expect(throws: KeyStoreError(.notAStore, "")) { try KeyStore(url: url, master: master) }
        #expect(throws: KeyStoreError(.missing, "")) {
            try KeyStore(url: server.url(schema: "nowhere"), master: master)
        }
    }

    @Test func aNewerSchemaIsRefused() throws {
        #expect(try !KeyStore.exists(url: url))
        let store = try KeyStore(url: url, master: master)
        #expect(try KeyStore.exists(url: url))
        try store.database.write { try store.database.setSchemaVersion(99, $0) }
        #expect(throws: KeyStoreError(.newerSchema, "")) { try KeyStore(url: url, master: master) }
    }

    @Test func anotherMasterKeyIsRefused() throws {
        try KeyStore(url: url, master: master).close()
        #expect(throws: KeyStoreError(.wrongMasterKey, "")) { try KeyStore(url: url, master: .random()) }
    }

    @Test func manyOpenANewStoreAtOnce() throws {
        let failures = Lock<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            do { try KeyStore(url: url, master: master).close() } catch { failures.withLock { $0.append("\(error)") } }
        }
        #expect(failures.withLock { $0 } == [])
    }

    @Test(arguments: [
        "postgresql://guardd:s3cret%zz@localhost/x", "postgresql://guardd:s3cret@localhost/x?nonsense=1",
        "postgresql://guardd:s3cret@127.0.0.1:1/x", "postgres://guardd:s3cret@/x?host=/nowhere",
    ])
    func passwordsAreNotPrinted(_ url: String) throws {
        let error = #expect(throws: KeyStoreError.self) { try KeyStore(url: url, master: master) }
        #expect(error?.message.contains("s3cret") == false)
        #expect(StoreLocation(url).name.contains("s3cret") == false)
        #expect(error?.code == (url.contains("zz") || url.contains("nonsense") ? .unusableInput : .unavailable))
    }

    @Test func whatWasDoneElsewhereCountsAtOnce() throws {
        let here = try KeyStore(url: url, master: master)
        let there = try KeyStore(url: url, master: master)
        let key = try KeyStoreTests.key("<a@example.org>")
        for _ in 0..<3 {
            #expect(try here.encryptionCertificates(for: address("a@example.org"), at: KeyStoreTests.now).isEmpty)
            _ = try there.importCertificates(key.certificate.serialized(), provenance: .adminImport)
            #expect(try here.encryptionCertificates(for: address("a@example.org"), at: KeyStoreTests.now).count == 1)
            try there.delete(key.fingerprint)
        }
    }

    /// A server of its own: it goes away.
    @Test func aRestartOfTheServerIsSurvived() throws {
        let own = try PostgresServer()
        let store = try KeyStore(url: own.makeSchema("s"), master: master)
        let account = try store.openAccount(for: address("a@example.org"))
        own.stop()
        for _ in 0..<2 {
            let error = #expect(throws: KeyStoreError.self) { try store.account(id: account.id) }
            #expect(error?.code == .unavailable && error?.isTemporary == true)
        }
        #expect(throws: KeyStoreError(.unavailable, "")) { try store.openAccount(for: address("b@example.org")) }
        try own.start()
        #expect(try store.account(id: account.id)?.address == account.address)
        own.stop(crash: true)
        try own.start()
        // Connections that were lost unused are made again without a word.
        #expect(try store.openAccount(for: address("b@example.org")).id > account.id)
        // In the middle of a transaction: nothing of it stays.
        #expect(throws: KeyStoreError(.unavailable, "")) {
            try store.database.write { connection in
                try connection.execute("UPDATE store_change SET counter = counter + 1000")
                own.stop(crash: true)
                try connection.execute("UPDATE store_change SET counter = counter + 1000")
            }
        }
        try own.start()
        #expect(try store.changeCounter() < 1000)
    }

    @Test func aServerThatDoesNotAnswerIsGivenUp() throws {
        let own = try PostgresServer()
        let address = try PostgresAddress(own.makeSchema("s"))
        let connection = try PostgresConnection(address, busyTimeout: 5)
        #expect(try connection.row("SELECT 1 AS one")?.integer("one") == 1)
        connection.patience = 0
        try own.freeze(true)
        defer { try? own.freeze(false) }
        #expect(throws: KeyStoreError(.unavailable, "")) { try connection.row("SELECT 1 AS one") }
        #expect(connection.isBroken)
    }
}
