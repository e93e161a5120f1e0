import GRDB
import Glibc

/// The SQLite file: one writing connection that syncs every commit, several readers beside it (WAL), and every error
/// of the engine as a ``KeyStoreError``.
final class StoreDatabase: Sendable {
    let path: String
    private let pool: DatabasePool

    /// Opens the file, making it where none is, and brings its schema up to date.
    /// - Parameter busyTimeout: seconds a call waits for a lock of another process before it throws `busy`.
    init(
        path: String, readers: Int, busyTimeout: Double, migrations: [Migration], maximumPages: Int? = nil,
        now: () -> Int64
    ) throws {
        self.path = path
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
        try Migrator(migrations: migrations, path: path).run(on: self, now: now())
    }

    private static func configuration(_ readers: Int, _ busyTimeout: Double, _ maximumPages: Int?) -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.maximumReaderCount = max(1, readers)
        configuration.persistentReadOnlyConnections = true
        configuration.busyMode = .timeout(busyTimeout)
        let milliseconds = Int(min(max(busyTimeout, 0), 3600) * 1000)
        configuration.prepareDatabase { database in
            // The pool gives its readers a patience of their own (10 s).
            _ = try Int.fetchOne(database, sql: "PRAGMA busy_timeout = \(milliseconds)")
            // Deleted secrets do not stay in free pages.
            _ = try Int.fetchOne(database, sql: "PRAGMA secure_delete = ON")
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

    /// Reads in one snapshot, beside other readers and the writer.
    func read<T>(_ body: (Database) throws -> T) throws -> T { try Self.translating(path) { try pool.read(body) } }

    /// Reads with single statements, each a snapshot of its own: cheaper when there is only one.
    func readStatement<T>(_ body: (Database) throws -> T) throws -> T {
        try Self.translating(path) { try pool.unsafeRead(body) }
    }

    /// Writes in one transaction that takes the write lock at once, so that it cannot fail half-way for a lock.
    func write<T>(_ body: (Database) throws -> T) throws -> T {
        try Self.translating(path) {
            try pool.writeWithoutTransaction { database in
                var result: T?
                try database.inTransaction(.immediate) {
                    result = try body(database)
                    return .commit
                }
                guard let result else {
                    throw KeyStoreError(.internalFailure, "store \(path): transaction without result")
                }
                return result
            }
        }
    }

    /// Runs outside any transaction on the writing connection.
    func administer<T>(_ body: (Database) throws -> T) throws -> T {
        try Self.translating(path) { try pool.writeWithoutTransaction(body) }
    }

    func close() throws { try Self.translating(path) { try pool.close() } }

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
