import Foundation
import MIME
import OpenPGP
import TestSupport
import Testing

@testable import KeyStore

@Suite(.onEachEngine) struct MasterRotationTests {
    struct Crash: Error {}

    let directory: TemporaryDirectory
    let keyPath: String
    let keys: [SecretCertificate]
    var path: String { directory.file("guardd.db") }

    init() throws {
        directory = try TemporaryDirectory()
        keyPath = directory.file("master.key")
        try MasterKey.create(path: keyPath)
        keys = try (0..<5).map { try KeyStoreTests.key("<user\($0)@example.org>") }
        let store = try KeyStore(at: path, master: MasterKey.load(path: keyPath))
        for key in keys { try store.importSecretKey(key) }
        try store.close()
    }

    func open() throws -> KeyStore { try KeyStore(at: path, master: MasterKey.load(path: keyPath)) }

    func expectAllKeys(_ store: KeyStore) throws {
        for (index, key) in keys.enumerated() {
            let address = try #require(EmailAddress("user\(index)@example.org"))
            #expect(try store.ownSecret(for: address, at: KeyStoreTests.now)?.serialized() == key.serialized())
        }
    }

    @Test func everythingIsSealedAgainAndTheOldKeyIsGone() throws {
        let old = try MasterKey.load(path: keyPath)
        let store = try open()
        let report = try store.rotateMasterKey()
        #expect(report.resealed == 5)
        #expect(!report.resumed)
        #expect(report.masterID != old.id)
        #expect(try MasterKey.load(path: keyPath).id == report.masterID)
        #expect(!FileManager.default.fileExists(atPath: keyPath + ".new"))
        try expectAllKeys(store)
        try store.close()
        try expectAllKeys(open())
        #expect(throws: KeyStoreError(.wrongMasterKey, "")) { try KeyStore(at: path, master: old) }
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(Set(files).isSubset(of: ["guardd.db", "guardd.db-wal", "guardd.db-shm", "master.key"]))
    }

    @Test(arguments: [1, 2, 3, 4, 5]) func anInterruptedRotationGoesOn(after rows: Int) throws {
        let store = try open()
        #expect(throws: Crash.self) {
            try store.rotateMasterKey(batch: 1) { if $0 == rows { throw Crash() } }
        }
        try store.close()
        // In between the store works with both key files ...
        let between = try open()
        try expectAllKeys(between)
        try between.importSecretKey(KeyStoreTests.key("<late@example.org>"))
        // ... and the next call ends the work.
        let report = try between.rotateMasterKey(batch: 2)
        #expect(report.resumed)
        #expect(report.resealed == 5 - rows)
        try between.close()
        #expect(try MasterKey.load(path: keyPath).id == report.masterID)
        try expectAllKeys(open())
    }

    @Test func aCrashBetweenFileAndStoreGoesOn() throws {
        let store = try open()
        #expect(throws: Crash.self) { try store.rotateMasterKey(batch: 1) { if $0 == 5 { throw Crash() } } }
        try store.close()
        try MasterKeyFile(path: keyPath + ".new").replace(keyPath)
        let after = try open()
        try expectAllKeys(after)
        #expect(try after.rotateMasterKey().resumed)
        try after.close()
        try expectAllKeys(open())
    }

    @Test func aCrashBeforeTheStoreKnewGoesOn() throws {
        let waiting = try MasterKey.create(path: keyPath + ".new")
        let report = try open().rotateMasterKey()
        #expect(report.masterID == waiting.id)
        try expectAllKeys(open())
    }

    @Test func aRunningDaemonFollows() throws {
        let daemon = try open()
        let tool = try open()
        try expectAllKeys(daemon)
        #expect(throws: Crash.self) { try tool.rotateMasterKey(batch: 1) { if $0 == 2 { throw Crash() } } }
        try daemon.importSecretKey(KeyStoreTests.key("<late@example.org>"))
        _ = try tool.rotateMasterKey(batch: 1)
        try daemon.importSecretKey(KeyStoreTests.key("<later@example.org>"))
        try expectAllKeys(daemon)
        try daemon.close()
        try expectAllKeys(open())
    }

    @Test func aLostNextKeyIsNamed() throws {
        let store = try open()
        #expect(throws: Crash.self) { try store.rotateMasterKey(batch: 1) { if $0 == 2 { throw Crash() } } }
        try store.close()
        try FileManager.default.removeItem(atPath: keyPath + ".new")
        let after = try open()
        let error = #expect(throws: KeyStoreError.self) { try after.rotateMasterKey() }
        #expect(error?.code == .wrongMasterKey)
        #expect(error?.message.contains("master.key.new") == true)
    }
}
