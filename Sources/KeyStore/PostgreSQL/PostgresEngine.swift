import Dispatch
import Glibc
import Libcrypto

/// A PostgreSQL server, which many processes share: a pool of connections, made when they are needed and again after they
/// were lost.
///
/// One transaction writes at a time, in whichever process, as with SQLite: a lock of the server's is held for as long as it
/// lasts. So nothing that was read within it changes before it ends, and the change counter rises in the order of commits.
final class PostgresEngine: StoreEngine {
    private struct Pool {
        var idle: [PostgresConnection] = []
        var isClosed = false
    }

    let name: String
    var dialect: Dialect { .postgres }

    private let address: PostgresAddress
    private let busyTimeout: Double
    private let pool = Lock(Pool())
    private let places: DispatchSemaphore

    /// Transactions that others made fail are tried again that often.
    private static let attempts = 8
    private static let lock = "SELECT pg_advisory_xact_lock(\(Schema.applicationID), hashtext(current_schema()))"

    init(address: PostgresAddress, connections: Int, busyTimeout: Double) {
        self.address = address
        self.busyTimeout = busyTimeout
        name = address.name
        places = DispatchSemaphore(value: max(2, connections))
    }

    func read<T>(_ body: (any StoreConnection) throws -> T) throws -> T {
        try transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", body)
    }

    func readStatement<T>(_ body: (any StoreConnection) throws -> T) throws -> T { try transaction(nil, body) }

    func write<T>(_ body: (any StoreConnection) throws -> T) throws -> T {
        try transaction("BEGIN ISOLATION LEVEL READ COMMITTED; \(Self.lock)", body)
    }

    func writeForLong<T>(_ body: (any StoreConnection) throws -> T) throws -> T {
        try transaction(
            "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 0; \(Self.lock)", patience: nil, body)
    }

    func readForLong<T>(_ body: (any StoreConnection) throws -> T) throws -> T {
        try transaction(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; "
                + "SET LOCAL idle_in_transaction_session_timeout = 0", patience: nil, body)
    }

    /// Every daemon's changes count at once: the server is always asked.
    func counter(_ read: () throws -> Int64) throws -> Int64 { try read() }

    func scrub() {}

    func close() throws {
        pool.withLock {
            $0.isClosed = true
            $0.idle = []
        }
    }

    // MARK: - Transactions

    /// - Parameter begin: nil for single statements.
    private func transaction<T>(
        _ begin: String?, patience: Int? = PostgresConnection.limit, _ body: (any StoreConnection) throws -> T
    ) throws -> T {
        guard places.wait(timeout: .now() + max(0.1, busyTimeout)) == .success else {
            throw KeyStoreError(.busy, "store \(name): all connections are in use; try again")
        }
        defer { places.signal() }
        var conflicts = 0
        var losses = 0
        while true {
            let (connection, isFresh) = try checkOut()
            connection.patience = patience
            do {
                let result = try Self.run(begin, on: connection, body)
                connection.patience = PostgresConnection.limit
                checkIn(connection)
                return result
            } catch {
                let isUncertain = connection.hasSentCommit
                let isBroken = connection.isBroken
                if isBroken {
                    // The others were most likely lost with it.
                    pool.withLock { $0.idle = [] }
                } else {
                    connection.patience = PostgresConnection.limit
                    checkIn(connection)
                }
                // Lost between two transactions: nobody need know. What was not committed did not happen.
                if isBroken, !isFresh, !isUncertain, losses < Self.attempts {
                    losses += 1
                    continue
                }
                guard let failure = error as? PostgresFailure else { throw error }
                conflicts += 1
                guard failure.isConflict, !isBroken, conflicts < Self.attempts else {
                    throw failure.error(name)
                }
                usleep(UInt32.random(in: 0...2000) << UInt32(conflicts))
            }
        }
    }

    private static func run<T>(
        _ begin: String?, on connection: PostgresConnection, _ body: (any StoreConnection) throws -> T
    ) throws -> T {
        guard let begin else { return try body(connection) }
        do {
            try connection.command(begin)
            let result = try body(connection)
            try connection.commit()
            return result
        } catch {
            if !connection.isBroken { connection.rollBack() }
            throw error
        }
    }

    private func checkOut() throws -> (connection: PostgresConnection, isFresh: Bool) {
        let known = try pool.withLock { pool in
            guard !pool.isClosed else { throw KeyStoreError(.unavailable, "store \(name): closed") }
            return pool.idle.popLast()
        }
        if let known { return (known, false) }
        return (try PostgresConnection(address, busyTimeout: busyTimeout), true)
    }

    private func checkIn(_ connection: PostgresConnection) {
        pool.withLock { if !$0.isClosed, !connection.isBroken { $0.idle.append(connection) } }
    }

    // MARK: - Schema

    func settings() throws -> KeyStore.Settings {
        let version = try schemaVersion()
        return try readStatement { connection in
            let row = try connection.row(
                """
                SELECT current_setting('synchronous_commit') AS commits,
                       current_setting('session_replication_role') AS role
                """)
            return KeyStore.Settings(
                journalMode: "postgresql",
                synchronous: ["on", "remote_apply"].contains(try row?.text("commits")) ? 2 : 0,
                foreignKeys: try row?.text("role") == "origin", schemaVersion: version)
        }
    }

    func schemaVersion() throws -> Int { try read { try schemaVersion($0) } }

    func schemaVersion(_ connection: any StoreConnection) throws -> Int {
        let found = try connection.row(
            """
            SELECT COALESCE(current_schema()::text, '') AS place, to_regclass('store_schema') IS NOT NULL AS ours,
                   (SELECT COUNT(*) FROM pg_class
                    WHERE relnamespace = to_regnamespace(current_schema()::text) AND relkind IN ('r', 'p', 'v', 'm'))
                   AS tables
            """)
        guard let found, try !found.text("place").isEmpty else {
            throw KeyStoreError(.missing, "store \(name): the database has no schema to make tables in")
        }
        if try found.bool("ours") {
            return Int(
                clamping: try connection.row("SELECT version FROM store_schema WHERE id = 1")?.integer("version") ?? 0)
        }
        guard try found.integer("tables") == 0 else {
            throw KeyStoreError(
                .notAStore, "store \(name): holds tables of another program; give guardd a database of its own")
        }
        return 0
    }

    func setSchemaVersion(_ version: Int, _ connection: any StoreConnection) throws {
        try connection.execute(
            "CREATE TABLE IF NOT EXISTS store_schema (id BIGINT PRIMARY KEY CHECK (id = 1), version BIGINT NOT NULL)")
        try connection.execute(
            """
            INSERT INTO store_schema (id, version) VALUES (1, :version)
            ON CONFLICT (id) DO UPDATE SET version = excluded.version
            """, ["version": SQLValue(version)])
    }

    /// Copies are the server's business.
    func backUp(schema version: Int, now: Int64) throws {}

    // MARK: - Copies

    func forEachPage(of table: String, _ connection: any StoreConnection, _ body: ([SQLRow]) throws -> Void) throws {
        try connection.execute("DECLARE copied NO SCROLL CURSOR FOR SELECT * FROM \(table)")
        while true {
            // Not by a prepared statement: what the cursor gives differs from table to table.
            let rows = try connection.rows("FETCH 500 FROM copied /* \(table) */")
            if rows.isEmpty { break }
            try body(rows)
        }
        try connection.execute("CLOSE copied")
    }

    func lastIdentity(of table: String, _ connection: any StoreConnection) throws -> Int64 {
        guard
            let row = try connection.row(
                """
                SELECT COALESCE(s.last_value, 0) AS last FROM pg_sequences AS s
                WHERE s.schemaname = current_schema() AND s.sequencename = :name
                """, ["name": SQLValue(table + "_id_seq")])
        else { throw KeyStoreError(.corrupt, "store \(name): table \(table) does not count its rows") }
        return try row.integer("last")
    }

    func setLastIdentity(_ last: Int64, of table: String, _ connection: any StoreConnection) throws {
        guard last > 0 else { return }
        _ = try connection.row(
            "SELECT setval(pg_get_serial_sequence(:table, 'id'), :last) AS last",
            ["table": SQLValue(table), "last": SQLValue(last)])
    }
}
