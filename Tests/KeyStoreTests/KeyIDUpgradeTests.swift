import MIME
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

@testable import KeyStore

/// Key IDs were text in hexadecimal digits up to the third schema.
@Suite(.onEachEngine) struct KeyIDUpgradeTests {
    private let directory: TemporaryDirectory
    private let master: MasterKey

    init() throws {
        directory = try TemporaryDirectory("keyids")
        master = try MasterKey.random()
    }

    private func address(_ text: String) throws -> EmailAddress { try #require(EmailAddress(text)) }

    /// A store with a key of the gateway, an imported certificate, a user's ring and rings that users keep of others.
    private func fill(_ store: KeyStore) throws -> [Certificate] {
        let keys = try ["gateway", "admin", "alice", "uploaded", "shared", "seen"].map {
            try KeyStoreTests.key("<\($0)@example.org>")
        }
        try store.importSecretKey(keys[0])
        _ = try store.importCertificates(keys[1].certificate.serialized(), provenance: .adminImport)
        let alice = try store.openAccount(for: address("alice@example.org"))
        let bob = try store.openAccount(for: address("bob@example.org"))
        try store.changeAccount(alice.id, audit: nil) { connection in
            try store.addRing(
                NewRing(certificate: keys[2].certificate, locked: nil, recovery: nil, recoveryMaster: nil),
                account: alice.id, address: alice.address, isCurrent: true, in: connection)
            try store.addExternalRing(
                keys[3].certificate, account: alice, .uploaded, isVerified: true, seen: 1, in: connection)
            try store.addExternalRing(
                keys[5].certificate, account: alice, .autocrypt, isVerified: false, seen: 2, in: connection)
        }
        try store.changeAccount(bob.id, audit: nil) { connection in
            try store.addExternalRing(
                keys[4].certificate, account: bob, .uploaded, isVerified: false, seen: 3, in: connection)
            var ring = try #require(
                try store.externalRing(keys[4].certificate.fingerprint, of: bob.id, .uploaded, in: connection))
            ring.isShared = true
            try store.setFlags(ring, in: connection)
        }
        // The highest number was given out and is gone.
        let last = try store.openAccount(for: address("carol@example.org"))
        try store.database.write { _ = try $0.execute("DELETE FROM account WHERE id = :id", ["id": SQLValue(last.id)]) }
        return keys.map(\.certificate)
    }

    /// What each kind of look-up by key ID finds.
    private func found(_ keyID: KeyID, in store: KeyStore) throws -> [String: [String]] {
        let address = try address("alice@example.org")
        let alice = try #require(try store.account(for: address))
        let hint = IssuerHint.keyID(keyID)
        return [
            "owners": try store.owners(of: keyID).map { "\($0.account) \($0.fingerprint)" },
            "named": try store.find("0x" + keyID.hex.lowercased()).map(\.hex),
            "issuers": try store.certificates(for: [hint]).map { "\($0.certificate.fingerprint.hex) \($0.provenance)" },
            "secrets": try store.decryptionKeys(for: [keyID]).map(\.publicKey.fingerprint.hex),
            "rings": try store.externalRings(for: keyID, visibleTo: alice).map { "\($0.id) \($0.accountID)" },
            "kept": try store.keptCertificates(for: [hint], by: address).map {
                "\($0.certificate.fingerprint.hex) \($0.provenance)"
            },
        ]
    }

    /// The same store as the third schema held it.
    private func writeOld(_ path: String, as store: KeyStore) throws {
        let old = try KeyStore(at: path, master: master, migrations: Array(Schema.migrations.prefix(3)))
        try old.database.write { connection in
            for table in Schema.tables {
                try connection.execute("DELETE FROM \(table.name)")
                for row in try rows(of: table, in: store) {
                    let values = zip(row.names, row.values).map { name, value -> (String, SQLValue) in
                        guard name == "key_id", case .blob(let octets) = value else { return (name, value) }
                        return (name, SQLValue(Hex.string(octets).uppercased()))
                    }
                    try connection.execute(
                        """
                        INSERT INTO \(table.name) (\(row.names.joined(separator: ", ")))
                        VALUES (\(row.names.map { ":" + $0 }.joined(separator: ", ")))
                        """, Dictionary(uniqueKeysWithValues: values))
                }
                if table.hasIdentity {
                    let last = try store.database.read { try store.database.lastIdentity(of: table.name, $0) }
                    try old.database.setLastIdentity(last, of: table.name, connection)
                }
            }
        }
        for table in ["certificate_key", "external_key"] {
            let row = try old.database.read { try $0.row("SELECT key_id FROM \(table) LIMIT 1") }
            #expect(try #require(row).text("key_id").utf8.count == 16)
        }
        try old.close()
    }

    private func rows(of table: Schema.Table, in store: KeyStore) throws -> [SQLRow] {
        var all: [SQLRow] = []
        try store.database.read { connection in
            try store.database.forEachPage(of: table.name, connection) { all += $0 }
        }
        return all
    }

    /// Tables, constraints and indexes as the engine describes them.
    private func layout(_ store: KeyStore) throws -> [String] {
        let statement =
            store.database.dialect == .sqlite
            ? "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || COALESCE(sql, '') AS line FROM sqlite_master"
            : """
            SELECT c.relname || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull
                || ' ' || a.attcollation AS line
            FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
            WHERE c.relnamespace = current_schema()::regnamespace
            UNION ALL SELECT c.relname || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid, true)
            FROM pg_class AS c JOIN pg_constraint AS k ON k.conrelid = c.oid
            WHERE c.relnamespace = current_schema()::regnamespace
            UNION ALL SELECT pg_get_indexdef(c.oid, 0, true) FROM pg_class AS c
            WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'i'
            """
        return try store.database.read { try $0.rows(statement).map { try $0.text("line") } }.sorted()
    }

    @Test func everyLookUpFindsWhatItFound() throws {
        let fresh = try KeyStore(at: directory.file("fresh.db"), master: master)
        let certificates = try fill(fresh)
        let path = directory.file("old.db")
        try writeOld(path, as: fresh)

        let upgraded = try KeyStore(at: path, master: master)
        #expect(try upgraded.settings() == fresh.settings())
        var kinds: Set<String> = []
        for keyID in certificates.flatMap(\.allKeys).map(\.keyID) + [KeyID(1)] {
            let expected = try found(keyID, in: fresh)
            #expect(try found(keyID, in: upgraded) == expected)
            kinds.formUnion(expected.filter { !$0.value.isEmpty }.keys)
        }
        #expect(kinds == ["owners", "named", "issuers", "secrets", "rings", "kept"])
    }

    @Test func anUpgradedStoreIsLikeANewOne() throws {
        let fresh = try KeyStore(at: directory.file("fresh.db"), master: master)
        let certificates = try fill(fresh)
        let path = directory.file("old.db")
        try writeOld(path, as: fresh)

        let upgraded = try KeyStore(at: path, master: master)
        #expect(try layout(upgraded) == layout(fresh))
        #expect(try layout(upgraded).contains { $0.contains("_text") } == false)
        for table in Schema.tables {
            let expected = try rows(of: table, in: fresh).map { "\($0.names) \($0.values)" }.sorted()
            #expect(try rows(of: table, in: upgraded).map { "\($0.names) \($0.values)" }.sorted() == expected)
        }
        let next = try fresh.openAccount(for: address("dave@example.org")).id
        #expect(try upgraded.openAccount(for: address("dave@example.org")).id == next)

        // Keys go with what they belong to.
        let id = try #require(certificates.last?.keyID)
        try upgraded.database.write { connection in
            try connection.execute("DELETE FROM external_ring")
            try connection.execute("DELETE FROM gateway_secret")
            try connection.execute("DELETE FROM key_ring")
            try connection.execute("DELETE FROM certificate")
        }
        #expect(try found(id, in: upgraded).values.allSatisfy(\.isEmpty))
        for table in ["certificate_key", "external_key"] {
            let row = try upgraded.database.read { try $0.row("SELECT COUNT(*) AS n FROM \(table)") }
            #expect(try row?.integer("n") == 0)
        }
    }

    @Test func aKeyIDHasEightOctets() throws {
        let store = try KeyStore(at: directory.file("fresh.db"), master: master)
        _ = try fill(store)
        for size in [0, 7, 9, 16] {
            #expect(throws: KeyStoreError.self, "\(size)") {
                try store.database.write { connection in
                    let ring = try #require(try connection.row("SELECT MAX(id) AS id FROM external_ring"))
                    try connection.execute(
                        Query.insertExternalKey,
                        [
                            "id": SQLValue(try ring.integer("id")),
                            "key_id": SQLValue([UInt8](repeating: 1, count: size)),
                        ])
                }
            }
        }
    }
}
