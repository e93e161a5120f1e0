import GRDB
import Glibc

/// Brings a store up to the schema this program knows: forward only, all in one transaction, after a copy.
struct Migrator {
    let migrations: [Migration]
    let path: String

    private var target: Int { migrations.last?.version ?? 0 }

    func run(on database: StoreDatabase, now: Int64) throws {
        let found = try database.administer(version)
        try refuseNewer(found)
        guard found < target else { return }
        if found > 0 { try backUp(database, from: found, now: now) }
        try database.write { connection in
            // Another process may have been faster since the copy.
            let found = try version(connection)
            try refuseNewer(found)
            for migration in migrations where migration.version > found {
                for statement in migration.sqlite { try connection.execute(sql: statement) }
            }
            try connection.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
            try connection.execute(sql: "PRAGMA user_version = \(target)")
        }
    }

    private func version(_ connection: Database) throws -> Int {
        try Int.fetchOne(connection, sql: "PRAGMA user_version") ?? 0
    }

    private func refuseNewer(_ found: Int) throws {
        guard found > target else { return }
        throw KeyStoreError(
            .newerSchema,
            "store \(path): written by a newer guardd (schema \(found), this program knows up to \(target)); "
                + "install that version again, or restore the backup made before the upgrade")
    }

    /// A consistent copy beside the store, named after the schema it holds; secrets in it stay sealed.
    private func backUp(_ database: StoreDatabase, from version: Int, now: Int64) throws {
        let copy = "\(path).schema\(version)-\(now)"
        guard try FileSystem.createPrivateFile(copy) else {
            throw KeyStoreError(.exists, "backup \(copy): exists already; move it away")
        }
        do {
            try database.administer { try $0.execute(sql: "VACUUM INTO :copy", arguments: ["copy": copy]) }
            try FileSystem.sync(copy)
            try FileSystem.syncDirectory(of: copy)
        } catch {
            _ = unsafe unlink(copy)
            throw error
        }
    }
}
