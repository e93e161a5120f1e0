import GRDB
import Glibc

/// The SQLite file: one writing connection that syncs every commit, several readers beside it (WAL), and every error
/// of the engine as a ``KeyStoreError``.
final class SQLiteEngine: StoreEngine {
    let path: String
    private let pool: DatabasePool
    private let watch: ChangeWatch

    var name: String { path }
    var dialect: Dialect { .sqlite }

    /// Opens the file, making it where none is.
    /// - Parameter busyTimeout: seconds a call waits for a lock of another process before it throws `busy`.
    init(
        path: String, readers: Int, busyTimeout: Double, maximumPages: Int? = nil
    ) throws {
        self.path = path
        watch = ChangeWatch(database: path)
        try FileSystem.createPrivateFile(path)
        try Self.refuseForeignFile(path, busyTimeout: busyTimeout)
        pool = try Self.translating(path) {
            let pool = try DatabasePool(
                path: path, configuration: Self.configuration(readers, busyTimeout, maximumPages))
            // The pool sets NORMAL when it turns the log on: a commit would survive a crash of this process but not
            // a loss of power.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            return pool
        }
    }

    private static func configuration(_ readers: Int, _ busyTimeout: Double, _ maximumPages: Int?) -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.maximumReaderCount = max(1, readers)
        configuration.persistentReadOnlyConnections = true
        configuration.busyMode = .timeout(busyTimeout)
        let milliseconds = Int(min(max(busyTimeout, 0), 3600) * 1000)
        configuration.prepareDatabase { database in
            database.add(function: .keyIDOctets)
            // The pool gives its readers a patience of their own (10 s).
            _ = try Int.fetchOne(database, sql: "PRAGMA busy_timeout = \(milliseconds)")
            // Deleted secrets do not stay in free pages.
            _ = try Int.fetchOne(database, sql: "PRAGMA secure_delete = ON")
            // 16 MiB each: the inner pages of indexes with millions of rows.
            _ = try Int.fetchOne(database, sql: "PRAGMA cache_size = -16384")
            if let maximumPages { _ = try Int.fetchOne(database, sql: "PRAGMA max_page_count = \(maximumPages)") }
        }
        return configuration
    }

    /// Looks before the log mode of a file that is not ours is changed.
    private static func refuseForeignFile(_ path: String, busyTimeout: Double) throws {
        try translating(path) {
            var configuration = Configuration()
            configuration.busyMode = .timeout(busyTimeout)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.writeWithoutTransaction { database in
                let tables = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM sqlite_master") ?? 0
                let identifier = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
                guard identifier == Schema.applicationID || (tables == 0 && identifier == 0) else {
                    throw KeyStoreError(
                        .notAStore, "store \(path): a database of another program; give the path of a guardd store")
                }
            }
        }
    }

    func read<T>(_ body: (any StoreConnection) throws -> T) throws -> T {
        try Self.translating(path) { try pool.read { try body(SQLiteConnection($0)) } }
    }

    func readStatement<T>(_ body: (any StoreConnection) throws -> T) throws -> T {
        try Self.translating(path) { try pool.unsafeRead { try body(SQLiteConnection($0)) } }
    }

    /// Takes the write lock at once, so that it cannot fail half-way for a lock.
    func write<T>(_ body: (any StoreConnection) throws -> T) throws -> T {
        defer { watch.forget() }
        return try Self.translating(path) {
            try pool.writeWithoutTransaction { database in
                var result: T?
                try database.inTransaction(.immediate) {
                    result = try body(SQLiteConnection(database))
                    return .commit
                }
                guard let result else {
                    throw KeyStoreError(.internalFailure, "store \(path): transaction without result")
                }
                return result
            }
        }
    }

    func readForLong<T>(_ body: (any StoreConnection) throws -> T) throws -> T { try read(body) }

    func writeForLong<T>(_ body: (any StoreConnection) throws -> T) throws -> T { try write(body) }

    /// Runs outside any transaction on the writing connection.
    private func administer<T>(_ body: (Database) throws -> T) throws -> T {
        try Self.translating(path) { try pool.writeWithoutTransaction(body) }
    }

    func counter(_ read: () throws -> Int64) throws -> Int64 { try watch.counter(read) }

    func close() throws { try Self.translating(path) { try pool.close() } }

    func scrub() {
        // The log still holds the old pages; a reader in the way only puts this off.
        try? administer { _ = try Row.fetchOne($0, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    }

    func settings() throws -> KeyStore.Settings {
        try administer { connection in
            KeyStore.Settings(
                journalMode: try String.fetchOne(connection, sql: "PRAGMA journal_mode") ?? "",
                synchronous: try Int.fetchOne(connection, sql: "PRAGMA synchronous") ?? -1,
                foreignKeys: try Int.fetchOne(connection, sql: "PRAGMA foreign_keys") == 1,
                schemaVersion: try Int.fetchOne(connection, sql: "PRAGMA user_version") ?? -1)
        }
    }

    // MARK: - Schema

    func schemaVersion() throws -> Int { try administer { try schemaVersion(SQLiteConnection($0)) } }

    func schemaVersion(_ connection: any StoreConnection) throws -> Int {
        Int(clamping: try connection.row("PRAGMA user_version")?.integer("user_version") ?? 0)
    }

    func setSchemaVersion(_ version: Int, _ connection: any StoreConnection) throws {
        try connection.execute("PRAGMA application_id = \(Schema.applicationID)")
        try connection.execute("PRAGMA user_version = \(version)")
    }

    /// A consistent copy beside the store, named after the schema it holds; secrets in it stay sealed.
    func backUp(schema version: Int, now: Int64) throws {
        let copy = "\(path).schema\(version)-\(now)"
        guard try FileSystem.createPrivateFile(copy) else {
            throw KeyStoreError(.exists, "backup \(copy): exists already; move it away")
        }
        do {
            try administer { try $0.execute(sql: "VACUUM INTO :copy", arguments: ["copy": copy]) }
            try FileSystem.sync(copy)
            try FileSystem.syncDirectory(of: copy)
        } catch {
            _ = unsafe unlink(copy)
            throw error
        }
    }

    // MARK: - Copies

    func forEachPage(of table: String, _ connection: any StoreConnection, _ body: ([SQLRow]) throws -> Void) throws {
        var after: Int64 = 0
        while true {
            let rows = try connection.rows(
                "SELECT rowid AS copied, * FROM \(table) WHERE rowid > :after ORDER BY rowid LIMIT 500",
                ["after": SQLValue(after)])
            guard let last = rows.last else { return }
            after = try last.integer("copied")
            try body(rows.map { SQLRow(names: Array($0.names.dropFirst()), values: Array($0.values.dropFirst())) })
        }
    }

    func lastIdentity(of table: String, _ connection: any StoreConnection) throws -> Int64 {
        try connection.row("SELECT seq FROM sqlite_sequence WHERE name = :table", ["table": SQLValue(table)])?
            .integer("seq") ?? 0
    }

    func setLastIdentity(_ last: Int64, of table: String, _ connection: any StoreConnection) throws {
        let arguments: [String: SQLValue] = ["table": SQLValue(table), "last": SQLValue(last)]
        if try connection.execute("UPDATE sqlite_sequence SET seq = :last WHERE name = :table", arguments) == 0 {
            try connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)", arguments)
        }
    }

    /// Turns errors of the engine into ours.
    static func translating<T>(_ path: String, _ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as DatabaseError { throw translate(error, path) }
    }

    private static func translate(_ error: DatabaseError, _ path: String) -> KeyStoreError {
        // Never `expandedDescription`: it prints bound values.
        let reason = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
            return KeyStoreError(.busy, "store \(path): locked by another process; try again")
        case .SQLITE_FULL:
            return KeyStoreError(.diskFull, "store \(path): no space left; free space on its file system")
        case .SQLITE_CORRUPT:
            return KeyStoreError(.corrupt, "store \(path): damaged (\(reason)); restore the newest backup beside it")
        case .SQLITE_NOTADB:
            return KeyStoreError(.notAStore, "store \(path): not a database; give the path of a guardd store")
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_AUTH:
            return KeyStoreError(
                .permissions,
                "store \(path): \(reason); the user of guardd must be able to write the file and its directory")
        case .SQLITE_IOERR, .SQLITE_NOMEM:
            return KeyStoreError(.inputOutput, "store \(path): \(reason)")
        default:
            return KeyStoreError(.internalFailure, "store \(path): \(reason)")
        }
    }
}
