import GRDB
import Libcrypto

extension KeyStore {
    /// How far a rotation of the master key has come.
    public struct RotationReport: Sendable, Equatable {
        /// The key everything is sealed under now.
        public var masterID: String
        /// Records sealed again by this call.
        public var resealed: Int
        /// Whether an interrupted rotation was taken up.
        public var resumed: Bool
    }

    /// What a proof record holds: it opens only under the key it was sealed with.
    private static let proof = SecretBytes(copying: [UInt8]("guardd store".utf8))

    private static func proofName(_ id: String) -> RecordName {
        RecordName(table: "master_key", column: "proof", row: id, account: "")
    }

    /// The two tables of sealed keys.
    enum SecretTable: String, CaseIterable {
        case openPGP = "gateway_secret"
        case smime = "smime_secret"

        fileprivate var toReseal: String { self == .openPGP ? Query.secretsToReseal : Query.smimeSecretsToReseal }
        fileprivate var reseal: String { self == .openPGP ? Query.reseal : Query.resealSMIME }

        fileprivate func name(_ fingerprint: String, _ account: String) -> RecordName {
            RecordName(table: rawValue, column: "sealed", row: fingerprint, account: account)
        }
    }

    private struct MasterRow {
        var id: String
        var isCurrent: Bool
        var proof: [UInt8]
    }

    private static func masterRows(_ connection: Database) throws -> [MasterRow] {
        try Row.fetchAll(connection, sql: Query.masterKeys).map { row in
            MasterRow(id: row["id"], isCurrent: (row["state"] as String) == "current", proof: row.octets("proof"))
        }
    }

    /// Proves that the key opens this store; a new store is bound to it.
    func checkMasterKey(_ master: MasterKey) throws {
        var rows = try database.read(Self.masterRows)
        if rows.isEmpty {
            rows = try database.write { connection in
                if try Self.masterRows(connection).isEmpty {
                    try insert(master, in: connection)
                    _ = try Self.raiseCounter(connection)
                }
                return try Self.masterRows(connection)
            }
        }
        guard let mine = rows.first(where: { $0.id == master.id }) else {
            let wanted = rows.first(where: \.isCurrent)?.id ?? "unknown"
            throw KeyStoreError(
                .wrongMasterKey,
                "master key \(master.path ?? "in memory") (\(master.id)): store \(path) is sealed under key \(wanted); "
                    + "give the key file that belongs to this store")
        }
        let name = Self.proofName(mine.id)
        let opened = try SealedRecord(parsing: mine.proof, at: name).open(with: master, purpose: .gateway, at: name)
        guard opened == Self.proof else {
            throw KeyStoreError(.sealBroken, "store \(path): the check record of its master key is damaged")
        }
        // In the middle of a rotation this fetches the other key too, or says that it is missing.
        for row in rows { _ = try? keyring.key(row.id) }
    }

    private func insert(_ master: MasterKey, in connection: Database) throws {
        let sealed = try SealedRecord.seal(Self.proof, with: master, purpose: .gateway, at: Self.proofName(master.id))
        try connection.execute(
            sql: Query.insertMaster, arguments: ["id": master.id, "proof": Blob.of(sealed), "now": clock()])
    }

    /// Seals a secret of the gateway under the key that is current in the store, which may be newer than ours.
    func sealGatewaySecret(
        _ secret: SecretBytes, fingerprint: String, account: String, table: SecretTable = .openPGP,
        in connection: Database
    ) throws -> (master: String, sealed: [UInt8]) {
        guard let current = try Self.masterRows(connection).first(where: \.isCurrent) else {
            throw KeyStoreError(.corrupt, "store \(path): names no master key; restore the newest backup")
        }
        let sealed = try SealedRecord.seal(
            secret, with: keyring.key(current.id), purpose: .gateway, at: table.name(fingerprint, account))
        return (current.id, sealed)
    }

    func openGatewaySecret(
        _ sealed: [UInt8], fingerprint: String, account: String, table: SecretTable = .openPGP
    ) throws -> SecretBytes {
        let name = table.name(fingerprint, account)
        let record = try SealedRecord(parsing: sealed, at: name)
        return try record.open(with: keyring.key(record.masterID), purpose: .gateway, at: name)
    }

    /// Replaces the master key and seals every secret again, in small transactions.
    ///
    /// The next key waits in `<key file>.new` until everything is sealed under it, then takes the place of the old
    /// file. Interrupted at any point, the store stays usable with both files and the next call goes on. A daemon that
    /// runs meanwhile finds the next key by itself.
    ///
    /// - Parameters:
    ///   - batch: records per transaction.
    ///   - progress: called after each transaction with the number of records sealed again so far.
    public func rotateMasterKey(batch: Int = 50, progress: ((Int) throws -> Void)? = nil) throws -> RotationReport {
        let rows = try database.read(Self.masterRows)
        let resumed = rows.contains { !$0.isCurrent }
        if !resumed { try beginRotation() }
        guard let current = try database.read(Self.masterRows).first(where: \.isCurrent) else {
            throw KeyStoreError(.corrupt, "store \(path): names no master key; restore the newest backup")
        }
        let next: MasterKey
        do { next = try keyring.key(current.id) } catch {
            throw KeyStoreError(
                .wrongMasterKey,
                "rotation of store \(path): the next master key (\(current.id)) is in neither "
                    + "\(keyring.newest.path ?? "memory") nor \(keyring.newest.successorPath ?? "memory"); "
                    + "restore the missing key file from a backup")
        }
        var resealed = 0
        for row in try database.read(Self.masterRows) where !row.isCurrent {
            while true {
                let count = try SecretTable.allCases.reduce(0) { sum, table in
                    try sum + resealBatch(table, from: row.id, to: next, limit: max(1, batch))
                }
                if count == 0 { break }
                resealed += count
                try progress?(resealed)
            }
        }
        try finishRotation(next)
        return RotationReport(masterID: next.id, resealed: resealed, resumed: resumed)
    }

    private func beginRotation() throws {
        let next = try keyring.newest.makeSuccessor()
        try database.write { connection in
            guard try Self.masterRows(connection).allSatisfy(\.isCurrent) else {
                throw KeyStoreError(.busy, "store \(path): another rotation of its master key is running")
            }
            try connection.execute(sql: Query.retireMasters)
            try insert(next, in: connection)
            _ = try Self.raiseCounter(connection)
        }
        keyring.hold(next)
    }

    private func resealBatch(
        _ table: SecretTable, from old: String, to next: MasterKey, limit: Int
    ) throws -> Int {
        try database.write { connection in
            let rows = try Row.fetchAll(
                connection, sql: table.toReseal, arguments: ["master": old, "limit": limit])
            for row in rows {
                let fingerprint: String = row["fingerprint"]
                let account: String = row["account"]
                let secret = try openGatewaySecret(
                    row.octets("sealed"), fingerprint: fingerprint, account: account, table: table)
                let sealed = try SealedRecord.seal(
                    secret, with: next, purpose: .gateway, at: table.name(fingerprint, account))
                try connection.execute(
                    sql: table.reseal,
                    arguments: ["new": next.id, "sealed": Blob.of(sealed), "fingerprint": fingerprint, "old": old])
            }
            return rows.count
        }
    }

    /// First the file, then the store forgets the old key: between the two both start-ups work.
    private func finishRotation(_ next: MasterKey) throws {
        if let waiting = next.path, let final = keyring.home, waiting != final {
            try MasterKeyFile(path: waiting).replace(final)
            keyring.add(try next.moved(to: final))
        } else {
            keyring.add(next)
        }
        let retired = try database.write { connection in
            let retired = try Self.masterRows(connection).filter { !$0.isCurrent }.map(\.id)
            // The foreign key of the sealed rows makes this fail rather than orphan a secret.
            try connection.execute(sql: Query.deleteRetired)
            _ = try Self.raiseCounter(connection)
            return retired
        }
        for id in retired { keyring.forget(id) }
        // What was sealed under the old key leaves the log as well.
        try database.administer { _ = try Row.fetchOne($0, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    }
}
