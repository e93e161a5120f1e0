import Foundation
import GRDB
import TestSupport
import Testing

@testable import KeyStore

@Suite struct StoreDatabaseTests {
    let directory: TemporaryDirectory
    let master: MasterKey
    /// The version that a new store has.
    let newest: Int
    var path: String { directory.file("guardd.db") }

    init() throws {
        directory = try TemporaryDirectory()
        master = try MasterKey.random()
        newest = try #require(Schema.migrations.last).version
    }

    @Test func theWriterSyncsEveryCommit() throws {
        let store = try KeyStore(at: path, master: master)
        let settings = try store.settings()
        #expect(
            settings
                == KeyStore.Settings(journalMode: "wal", synchronous: 2, foreignKeys: true, schemaVersion: newest))
    }

    @Test func theFilesArePrivate() throws {
        let store = try KeyStore(at: path, master: master)
        for suffix in ["", "-wal", "-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path + suffix)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
        try store.close()
    }

    @Test func anotherMasterKeyIsRefused() throws {
        try KeyStore(at: path, master: master).close()
        let error = #expect(throws: KeyStoreError.self) { try KeyStore(at: path, master: MasterKey.random()) }
        #expect(error?.code == .wrongMasterKey)
        #expect(error?.message.contains(master.id) == true)
        try KeyStore(at: path, master: master).close()
    }

    @Test func aTamperedCheckRecordIsRefused() throws {
        let store = try KeyStore(at: path, master: master)
        _ = try store.database.write { try $0.execute("UPDATE master_key SET proof = zeroblob(49)") }
        try store.close()
        #expect(throws: KeyStoreError(.sealBroken, "")) { try KeyStore(at: path, master: master) }
    }

    @Test func aNewerSchemaIsRefusedWithASentence() throws {
        let store = try KeyStore(at: path, master: master)
        try store.database.write { try store.database.setSchemaVersion(newest + 6, $0) }
        try store.close()
        let error = #expect(throws: KeyStoreError.self) { try KeyStore(at: path, master: master) }
        #expect(error?.code == .newerSchema)
        #expect(error?.message.contains("schema \(newest + 6), this program knows up to \(newest)") == true)
    }

    @Test func anUpgradeLeavesACopyOfTheOldStore() throws {
        try KeyStore(at: path, master: master).close()
        let next = Schema.migrations + [Migration(version: newest + 1) { _ in ["CREATE TABLE later (id INTEGER)"] }]
        let store = try KeyStore(at: path, master: master, migrations: next, clock: { 1_700_000_000 })
        #expect(try store.settings().schemaVersion == newest + 1)
        try store.close()
        let copy = path + ".schema\(newest)-1700000000"
        #expect(try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int == 0o600)
        let old = try KeyStore(at: copy, master: master)
        #expect(try old.settings().schemaVersion == newest)
    }

    /// What an older version of guardd wrote is taken over.
    @Test func aStoreOfTheFirstSchemaIsUpgraded() throws {
        let first = Array(Schema.migrations.prefix(1))
        try KeyStore(at: path, master: master, migrations: first).close()
        let store = try KeyStore(at: path, master: master, migrations: Schema.migrations, clock: { 1_700_000_000 })
        #expect(try store.settings().schemaVersion == newest)
        try store.forEachSMIMECertificate { _ in }
        #expect(FileManager.default.fileExists(atPath: path + ".schema1-1700000000"))
    }

    @Test func aFailedUpgradeChangesNothing() throws {
        try KeyStore(at: path, master: master).close()
        let next =
            Schema.migrations + [
                Migration(version: newest + 1) { _ in ["CREATE TABLE later (id INTEGER)", "CREATE nonsense"] }
            ]
        #expect(throws: KeyStoreError(.internalFailure, "")) {
            try KeyStore(at: path, master: master, migrations: next)
        }
        let store = try KeyStore(at: path, master: master)
        #expect(try store.settings().schemaVersion == newest)
    }

    @Test func aForeignDatabaseIsNotTouched() throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write { try $0.execute(sql: "CREATE TABLE theirs (id INTEGER)") }
        try queue.close()
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(throws: KeyStoreError(.notAStore, "")) { try KeyStore(at: path, master: master) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        try directory.write("text", [UInt8](repeating: 65, count: 4096))
        #expect(throws: KeyStoreError(.notAStore, "")) { try KeyStore(at: directory.file("text"), master: master) }
    }

    @Test func aLockedDatabaseIsATemporaryError() throws {
        let store = try KeyStore(at: path, master: master, busyTimeout: 0)
        var configuration = GRDB.Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: path, configuration: configuration)
        try other.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let error = #expect(throws: KeyStoreError.self) {
            try store.database.write { _ = try KeyStore.raiseCounter($0) }
        }
        #expect(error?.code == .busy)
        #expect(error?.isTemporary == true)
        #expect(try store.changeCounter() == 1)
        try other.inDatabase { try $0.execute(sql: "COMMIT") }
        try store.database.write { _ = try KeyStore.raiseCounter($0) }
        #expect(try store.changeCounter() == 2)
    }

    @Test func anExclusiveLockIsATemporaryErrorOnOpening() throws {
        try KeyStore(at: path, master: master).close()
        var configuration = GRDB.Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: path, configuration: configuration)
        try other.inDatabase {
            try $0.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
            try $0.execute(sql: "BEGIN EXCLUSIVE")
        }
        #expect(throws: KeyStoreError(.busy, "")) { try KeyStore(at: path, master: master, busyTimeout: 0) }
        try other.inDatabase { try $0.execute(sql: "COMMIT") }
        try other.close()
    }

    @Test func aFullDiskIsATypedErrorAndLosesNothing() throws {
        try KeyStore(at: path, master: master).close()
        let store = try KeyStore(at: path, master: master, migrations: Schema.migrations, maximumPages: 200)
        let error = #expect(throws: KeyStoreError.self) {
            try store.database.write { connection in
                try connection.execute(
                    """
                    INSERT INTO certificate (fingerprint, provenance, revision, created, updated, bytes)
                    VALUES ('X', 'admin', 1, 1, 1, zeroblob(1000000))
                    """)
            }
        }
        #expect(error?.code == .diskFull)
        #expect(error?.isTemporary == true)
        #expect(try store.changeCounter() == 1)
        try store.database.write { _ = try KeyStore.raiseCounter($0) }
    }

    @Test func aMissingDirectoryIsNamed() throws {
        let error = #expect(throws: KeyStoreError.self) {
            try KeyStore(at: directory.file("no/guardd.db"), master: master)
        }
        #expect(error?.code == .missing)
    }
}
