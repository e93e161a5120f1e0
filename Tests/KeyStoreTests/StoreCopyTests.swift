import Foundation
import Libcrypto
import MIME
import TestSupport
import Testing

@testable import KeyStore

@Suite struct StoreCopyTests {
    let directory: TemporaryDirectory
    let master: MasterKey

    init() throws {
        directory = try TemporaryDirectory()
        master = try MasterKey.random()
    }

    private func address(_ text: String) throws -> EmailAddress { try #require(EmailAddress(text)) }

    private func places() throws -> (sqlite: String, postgres: String, back: String) {
        let schema = "c" + UUID().uuidString.lowercased().replacing("-", with: "")
        return (directory.file("a.db"), try PostgresServer.shared().makeSchema(schema), directory.file("b.db"))
    }

    @Test func everythingArrivesAndNumbersGoOn() throws {
        let (path, url, back) = try places()
        let store = try KeyStore(url: "sqlite:" + path, master: master)
        let keys = try (0..<3).map { try KeyStoreTests.key("<user\($0)@example.org>") }
        for key in keys { try store.importSecretKey(key) }
        let account = try store.openAccount(for: address("a@example.org"))
        try store.changeAccount(account.id, audit: nil) { connection in
            try store.addExternalRing(
                keys[0].certificate, account: account, .uploaded, isVerified: true, seen: 1, in: connection)
        }
        let last = try store.openAccount(for: address("b@example.org"))
        // The highest number was given out and is gone.
        try store.database.write { _ = try $0.execute("DELETE FROM account WHERE id = :id", ["id": SQLValue(last.id)]) }
        try store.close()

        let steps = Lock<[String]>([])
        let out = try StoreCopy(from: path, to: url).run { table, done, all in
            steps.withLock { $0.append("\(table) \(done)/\(all)") }
        }
        #expect(steps.withLock { $0 }.contains("certificate 3/3"))
        let copy = try KeyStore(url: url, master: master)
        for (index, key) in keys.enumerated() {
            let secret = try copy.ownSecret(for: address("user\(index)@example.org"), at: KeyStoreTests.now)
            #expect(secret?.serialized() == key.serialized())
            #expect(try copy.find(key.certificate.keyID.hex) == [key.fingerprint])
        }
        let kept = try copy.externalRings(for: keys[0].certificate.keyID, visibleTo: account)
        #expect(kept.map(\.certificate) == [keys[0].certificate])
        #expect(try StoreCopy(from: url, to: back).run() == out)
        #expect(try copy.openAccount(for: address("c@example.org")).id == last.id + 1)
        let again = try KeyStore(url: back, master: master)
        #expect(try again.openAccount(for: address("c@example.org")).id == last.id + 1)
        #expect(try again.changeCounter() > 0)
    }

    @Test func onlyAnEmptyTargetIsTaken() throws {
        let (path, url, _) = try places()
        try KeyStore(url: path, master: master).close()
        try KeyStore(url: url, master: .random()).close()
        #expect(throws: KeyStoreError(.exists, "")) { try StoreCopy(from: path, to: url).run() }
        #expect(throws: KeyStoreError(.exists, "")) { try StoreCopy(from: path, to: path).run() }
        #expect(throws: KeyStoreError(.missing, "")) { try StoreCopy(from: directory.file("no"), to: url).run() }
    }

    @Test func everyTableIsKnown() throws {
        let (path, url, _) = try places()
        let store = try KeyStore(url: path, master: master)
        let there = try store.database.read {
            try $0.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
                .map { try $0.text("name") }
        }
        #expect(Set(Schema.tables.map(\.name)) == Set(there))
        let other = try KeyStore(url: url, master: master)
        let tables = try other.database.read {
            try $0.rows(
                "SELECT relname AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"
            )
            .map { try $0.text("name") }
        }
        #expect(Set(tables) == Set(there + ["store_schema"]))
    }
}
