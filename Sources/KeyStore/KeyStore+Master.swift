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

    private struct MasterRow {
        var id: String
        var isCurrent: Bool
        var proof: [UInt8]
    }

    private static func masterRows(_ connection: any StoreConnection) throws -> [MasterRow] {
        try connection.rows(Query.masterKeys).map { row in
            MasterRow(
                id: try row.text("id"), isCurrent: try row.text("state") == "current", proof: try row.blob("proof"))
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

    private func insert(_ master: MasterKey, in connection: any StoreConnection) throws {
        let sealed = try SealedRecord.seal(Self.proof, with: master, purpose: .gateway, at: Self.proofName(master.id))
        try connection.execute(
            Query.insertMaster, ["id": SQLValue(master.id), "proof": SQLValue(sealed), "now": SQLValue(clock())])
    }

    /// Seals a secret under the key that is current in the store, which may be newer than ours.
    ///
    /// - Parameters:
    ///   - key: the values of the row's primary key, as the record will be found by.
    ///   - account: whose it is.
    /// - Returns: the record, and for the column beside it the key it is sealed under.
    func seal(
        _ secret: SecretBytes, in column: SealedColumn, key: [SQLValue], account: SQLValue,
        _ connection: any StoreConnection
    ) throws -> (master: String, sealed: [UInt8]) {
        guard let current = try Self.masterRows(connection).first(where: \.isCurrent) else {
            throw KeyStoreError(.corrupt, "store \(path): names no master key; restore the newest backup")
        }
        let sealed = try SealedRecord.seal(
            secret, with: keyring.key(current.id), purpose: column.purpose, at: column.name(key, account: account))
        return (current.id, sealed)
    }

    /// - Throws: `sealBroken` for a record that was changed or belongs to another row.
    func open(_ sealed: [UInt8], in column: SealedColumn, key: [SQLValue], account: SQLValue) throws -> SecretBytes {
        let name = column.name(key, account: account)
        let record = try SealedRecord(parsing: sealed, at: name)
        return try record.open(with: keyring.key(record.masterID), purpose: column.purpose, at: name)
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
                let count = try SealedColumn.all.reduce(0) { sum, column in
                    try sum + resealBatch(column, from: row.id, to: next, limit: max(1, batch))
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
            try connection.execute(Query.retireMasters)
            try insert(next, in: connection)
            _ = try Self.raiseCounter(connection)
        }
        keyring.hold(next)
    }

    private func resealBatch(
        _ column: SealedColumn, from old: String, to next: MasterKey, limit: Int
    ) throws -> Int {
        try database.write { connection in
            let rows = try connection.rows(column.toReseal, ["master": SQLValue(old), "limit": SQLValue(limit)])
            for row in rows {
                let key = try column.key.indices.map { try row.value("key\($0)") }
                let owner = try row.value("owner")
                let secret = try open(row.blob("sealed"), in: column, key: key, account: owner)
                let sealed = try SealedRecord.seal(
                    secret, with: next, purpose: column.purpose, at: column.name(key, account: owner))
                var arguments: [String: SQLValue] = [
                    "new": SQLValue(next.id), "sealed": SQLValue(sealed), "old": SQLValue(old),
                ]
                for (index, value) in key.enumerated() { arguments["key\(index)"] = value }
                try connection.execute(column.reseal, arguments)
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
            try connection.execute(Query.deleteRetired)
            _ = try Self.raiseCounter(connection)
            return retired
        }
        for id in retired { keyring.forget(id) }
        // What was sealed under the old key leaves the log as well.
        database.scrub()
    }
}
