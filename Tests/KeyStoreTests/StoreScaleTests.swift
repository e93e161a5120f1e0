import Foundation
import MIME
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

@testable import KeyStore

/// Only with GUARDD_SCALE=1: a million accounts and two million certificates, and an import of a hundred thousand.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["GUARDD_SCALE"] != nil), .onEachEngine)
struct StoreScaleTests {
    private let directory: TemporaryDirectory
    private let master: MasterKey

    init() throws {
        directory = try TemporaryDirectory("scale")
        master = try MasterKey.random()
    }

    /// Rows as the imports write them, but for the certificates themselves, which look-ups of rows do not read.
    private func fill(_ store: KeyStore, accounts: Int, certificates: Int) throws {
        let series =
            store.database.dialect == .postgres
            ? "SELECT n FROM generate_series(1, :count) AS s (n)"
            : "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < :count) SELECT n FROM s"
        // Text before the fourth schema.
        let digits = "substr(fingerprint, 17, 16)"
        let keyID = try store.settings().schemaVersion < 4 ? digits : store.database.dialect.keyIDOctets(digits)
        let hex = store.database.dialect == .postgres ? "upper(md5(n::text))" : "printf('%032X', n * 2654435761)"
        try store.database.writeForLong { connection in
            let certificates = ["count": SQLValue(certificates)]
            try connection.execute("INSERT INTO mail_domain (name, created) VALUES ('example.org', 0)")
            try connection.execute(
                """
                INSERT INTO account (domain_id, local_part, local_folded, version, is_guest, language, display_name,
                    encrypts, signs, inline, created)
                SELECT (SELECT MAX(id) FROM mail_domain), 'user' || n, 'user' || n, 0, 0, '', '', 0, 0, 0, 0
                FROM (\(series)) AS t
                """, ["count": SQLValue(accounts)])
            let bytes = store.database.dialect == .postgres ? "'\\x00'::bytea" : "x'00'"
            try connection.execute(
                """
                INSERT INTO certificate (fingerprint, provenance, revision, created, updated, bytes)
                SELECT \(hex), 'admin-import', 1, 0, 0, \(bytes) FROM (\(series)) AS t
                """, certificates)
            try connection.execute(
                """
                INSERT INTO certificate_key (certificate, fingerprint, key_id)
                SELECT fingerprint, fingerprint, \(keyID) FROM certificate
                """)
            try connection.execute(
                """
                INSERT INTO certificate_user_id (certificate, user_id, provenance, local_part, local_folded, domain)
                SELECT \(hex), \(bytes), 'admin-import', 'user' || n, 'user' || n, 'example.org' FROM (\(series)) AS t
                """, certificates)
        }
        if store.database.dialect == .postgres {
            for table in Schema.tables { try store.database.write { _ = try $0.execute("ANALYZE \(table.name)") } }
        }
    }

    /// Nanoseconds of a look-up: the least average of many batches.
    private func cost(_ store: KeyStore, accounts: Int) throws -> Double {
        let fingerprints = try store.database.read {
            try $0.rows("SELECT fingerprint FROM certificate ORDER BY fingerprint LIMIT 1000").map {
                try $0.text("fingerprint")
            }
        }
        var best = Double.infinity
        for _ in 0..<60 {
            let start = ContinuousClock.now
            try store.database.read { connection in
                for _ in 0..<100 {
                    let name = SQLValue("user\(Int.random(in: 1...accounts))")
                    let row = try connection.row(
                        Query.accountByAddress, ["domain": "example.org", "folded": name])
                    #expect(row != nil)
                    let hits = try connection.rows(
                        Query.byAddress, ["domain": "example.org", "folded": name, "limit": 64])
                    #expect(hits.count == 1)
                    let fingerprint = try #require(fingerprints.randomElement())
                    _ = try connection.rows(
                        Query.byKeyID, ["key_id": SQLValue(Hex.bytes(String(fingerprint.suffix(16)))), "limit": 64])
                }
            }
            let spent = ContinuousClock.now - start
            best = min(
                best, Double(spent.components.attoseconds) / 1e9 / 300 + Double(spent.components.seconds) * 1e9 / 300)
        }
        return best
    }

    @Test func lookUpsCostTheSameWithAMillionAccounts() throws {
        let small = try KeyStore(at: directory.file("small.db"), master: master)
        try fill(small, accounts: 1000, certificates: 2000)
        let large = try KeyStore(at: directory.file("large.db"), master: master)
        let start = Date()
        try fill(large, accounts: 1_000_000, certificates: 2_000_000)
        let filled = Date().timeIntervalSince(start)
        var (few, many) = (Double.infinity, Double.infinity)
        for _ in 0..<3 {
            few = min(few, try cost(small, accounts: 1000))
            many = min(many, try cost(large, accounts: 1_000_000))
        }
        say(
            "\(EngineUnderTest.current): look-up \(Int(few)) ns with 1,000 accounts, \(Int(many)) ns with 1,000,000, "
                + "ratio \(many / few); filled in \(Int(filled)) s")
        let counts = ContinuousClock.now
        for _ in 0..<2000 { _ = try large.changeCounter() }
        say("\(EngineUnderTest.current): change counter \((ContinuousClock.now - counts) / 2000)")
        #expect(many / few <= 1.3)
    }

    @Test func anUpgradeOfTwoMillionCertificatesNeedsLittleMemory() throws {
        let path = directory.file("old.db")
        let old = try KeyStore(at: path, master: master, migrations: Array(Schema.migrations.prefix(3)))
        try fill(old, accounts: 1000, certificates: 2_000_000)
        try old.close()
        let before = try peak()
        let start = Date()
        let store = try KeyStore(at: path, master: master)
        let seconds = Date().timeIntervalSince(start)
        let after = try peak()
        say("\(EngineUnderTest.current): upgraded in \(Int(seconds)) s, peak \(before) MiB before, \(after) MiB after")
        #expect(after < before + 64)
        let row = try store.database.read { try $0.row("SELECT COUNT(*) AS n FROM certificate_key") }
        #expect(try row?.integer("n") == 2_000_000)
    }

    /// The most that was ever resident, in MiB.
    private func peak() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return (Int(line.filter(\.isNumber)) ?? 0) / 1024
    }

    @Test func anImportOfAHundredThousandKeepsItsRate() throws {
        let store = try KeyStore(at: directory.file("import.db"), master: master)
        var seconds: [Double] = []
        var memory: [Int] = []
        for part in 0..<20 {
            var ring: [UInt8] = []
            for index in 0..<5000 {
                ring += try KeyStoreTests.key("<user\(part)-\(index)@example.org>").certificate.serialized()
            }
            let start = Date()
            #expect(try store.importCertificates(ring, provenance: .adminImport).count(.new) == 5000)
            seconds.append(Date().timeIntervalSince(start))
            let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
            memory.append((Int(pages[1]) ?? 0) * 4 / 1024)
        }
        let total = seconds.reduce(0, +)
        say(
            "\(EngineUnderTest.current): 100,000 certificates in \(Int(total)) s, \(Int(100_000 / total))/s, first 5,000 "
                + "\(seconds[0]) s, last \(seconds[19]) s; resident \(memory[4]) MiB after 25,000, \(memory[19]) MiB at the end"
        )
        #expect(memory[19] < memory[4] + 64)
    }

    private func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}
