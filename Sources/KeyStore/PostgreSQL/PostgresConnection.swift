import CPQ
import Glibc

/// One connection to a server, used by one thread at a time. It waits for the server no longer than a deadline.
@safe final class PostgresConnection: StoreConnection, @unchecked Sendable {
    private struct Statement {
        let name: String
        let parameters: [String]
        let types: [Oid]
        let columns: [String]
    }

    private let handle: OpaquePointer
    private let store: String
    private var statements: [String: Statement] = [:]
    /// Names given to statements so far.
    private var made: UInt64 = 0
    /// Seconds for one statement; nil for any time.
    var patience: Int? = limit
    /// Whether it was given up.
    private(set) var isBroken = false
    /// Whether the transaction that runs may have ended on the server, well or not.
    private(set) var hasSentCommit = false

    /// Seconds after which the server gives a statement up.
    static let limit = 30
    /// Statements kept prepared.
    private static let mostStatements = 512

    /// - Throws: `unavailable`.
    init(_ address: PostgresAddress, busyTimeout: Double) throws {
        store = address.name
        // The URL may say otherwise of what comes before it, not of what comes after.
        let settings = [
            ("connect_timeout", "5"), ("tcp_user_timeout", "10000"), ("keepalives_idle", "30"),
            ("keepalives_interval", "5"), ("keepalives_count", "3"), ("target_session_attrs", "read-write"),
            ("application_name", "guardd"), ("dbname", address.url), ("client_encoding", "UTF8"),
        ]
        var keywords = unsafe settings.map { unsafe strdup($0.0) } + [nil]
        var values = unsafe settings.map { unsafe strdup($0.1) } + [nil]
        defer {
            for index in settings.indices {
                unsafe free(keywords[index])
                unsafe free(values[index])
            }
        }
        let made = unsafe keywords.withUnsafeMutableBytes { keywords in
            unsafe values.withUnsafeMutableBytes { values in
                unsafe PQconnectdbParams(
                    keywords.bindMemory(to: UnsafePointer<CChar>?.self).baseAddress,
                    values.bindMemory(to: UnsafePointer<CChar>?.self).baseAddress, 1)
            }
        }
        guard let made = unsafe made else {
            throw KeyStoreError(.unavailable, "store \(address.name): no memory for a connection")
        }
        unsafe handle = unsafe made
        guard unsafe PQstatus(handle) == CONNECTION_OK else {
            throw KeyStoreError(.unavailable, "store \(store): \(complaint)")
        }
        _ = unsafe PQsetNoticeProcessor(handle, { _, _ in }, nil)
        guard unsafe PQsetnonblocking(handle, 1) == 0 else { throw lost() }
        try configure(busyTimeout)
    }

    deinit { unsafe PQfinish(handle) }

    private func configure(_ busyTimeout: Double) throws {
        let lock = max(1, Int(min(max(busyTimeout, 0), 3600) * 1000))
        do {
            try command(
                """
                SET client_min_messages = warning; SET standard_conforming_strings = on;
                SET statement_timeout = \(Self.limit * 1000); SET lock_timeout = \(lock);
                SET idle_in_transaction_session_timeout = 600000;
                SELECT set_config('synchronous_commit', 'on', false)
                WHERE current_setting('synchronous_commit') <> 'remote_apply'
                """)
        } catch let failure as PostgresFailure { throw failure.error(store) }
    }

    /// What libpq says of the last failure, in one line; it never holds the password.
    private var complaint: String {
        guard let text = unsafe PQerrorMessage(handle) else { return "connection lost" }
        let lines = unsafe String(cString: text).split(whereSeparator: \.isNewline)
        return lines.isEmpty ? "connection lost" : lines.joined(separator: "; ")
    }

    // MARK: - Statements

    func rows(_ sql: String, _ arguments: [String: SQLValue]) throws -> [SQLRow] {
        let statement = try prepared(sql)
        return try run(statement, arguments).rows(names: statement.columns)
    }

    @discardableResult
    func execute(_ sql: String, _ arguments: [String: SQLValue]) throws -> Int {
        try run(prepared(sql), arguments).changed
    }

    /// Commands without parameters, of our own text.
    @discardableResult
    func command(_ sql: String) throws -> PostgresResult { try answer(unsafe PQsendQuery(handle, sql)) }

    func commit() throws {
        hasSentCommit = true
        // A transaction in which something failed ends with ROLLBACK instead, and no error.
        guard try command("COMMIT").tag == "COMMIT" else {
            throw KeyStoreError(.internalFailure, "store \(store): went on after a statement had failed")
        }
        hasSentCommit = false
    }

    /// Ends a transaction that failed; a connection that cannot even do this is given up.
    func rollBack() {
        do {
            try command("ROLLBACK")
            hasSentCommit = false
        } catch { isBroken = true }
    }

    private func prepared(_ sql: String) throws -> Statement {
        if let known = statements[sql] { return known }
        if statements.count >= Self.mostStatements {
            try command("DEALLOCATE ALL")
            statements = [:]
        }
        let numbered = NumberedStatement(sql)
        made += 1
        let name = "s\(made)"
        try answer(unsafe PQsendPrepare(handle, name, numbered.text, 0, nil))
        let description = try answer(unsafe PQsendDescribePrepared(handle, name))
        let statement = Statement(
            name: name, parameters: numbered.names, types: description.parameterTypes,
            columns: description.columnNames)
        statements[sql] = statement
        return statement
    }

    private func run(_ statement: Statement, _ arguments: [String: SQLValue]) throws -> PostgresResult {
        var octets: [UInt8] = []
        // Where each value lies in `octets`; nil for NULL.
        var places: [(offset: Int, count: Int)?] = []
        for (name, type) in zip(statement.parameters, statement.types) {
            guard let value = arguments[name] else {
                throw KeyStoreError(.internalFailure, "store: no value for the parameter \(name)")
            }
            let offset = octets.count
            guard try Self.append(value, as: type, name, to: &octets) else {
                places.append(nil)
                continue
            }
            places.append((offset, octets.count - offset))
        }
        // An empty value has an address too.
        octets.append(0)
        let lengths = places.map { Int32(clamping: $0?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: places.count)
        let sent = unsafe octets.withUnsafeBytes { bytes in
            let base = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values: [UnsafePointer<CChar>?] = unsafe places.map { place in
                guard let place, let base = unsafe base else { return nil }
                return unsafe base.advanced(by: place.offset)
            }
            return unsafe PQsendQueryPrepared(
                handle, statement.name, Int32(clamping: places.count), values, lengths, formats, 1)
        }
        return try answer(sent)
    }

    /// - Returns: false for NULL.
    private static func append(_ value: SQLValue, as type: Oid, _ name: String, to octets: inout [UInt8]) throws -> Bool
    {
        switch value {
        case .null: return false
        case .integer(let number) where PostgresType.integers.contains(type) && type != PostgresType.bool:
            let width = type == 20 ? 8 : type == 21 ? 2 : 4
            guard width == 8 || Int32(exactly: number) != nil else { break }
            for shift in stride(from: (width - 1) * 8, through: 0, by: -8) {
                octets.append(UInt8(truncatingIfNeeded: number >> Int64(shift)))
            }
            return true
        case .text(let text) where PostgresType.texts.contains(type):
            octets += text.utf8
            return true
        case .blob(let bytes) where PostgresType.octets.contains(type):
            octets += bytes
            return true
        default: break
        }
        throw KeyStoreError(.internalFailure, "store: the parameter \(name) is of another type")
    }

    // MARK: - Waiting

    @discardableResult
    private func answer(_ sent: Int32) throws -> PostgresResult {
        guard sent == 1 else { throw lost() }
        let deadline = patience.map { Self.now + Int64($0) + 5 }
        while true {
            let left = unsafe PQflush(handle)
            if left == 0 { break }
            guard left == 1 else { throw lost() }
            let events = try wait(for: POLLIN | POLLOUT, until: deadline)
            if events & Int32(POLLIN) != 0 {
                guard unsafe PQconsumeInput(handle) == 1 else { throw lost() }
            }
        }
        var last: PostgresResult?
        var failure: PostgresFailure?
        while true {
            while unsafe PQisBusy(handle) == 1 {
                _ = try wait(for: POLLIN, until: deadline)
                guard unsafe PQconsumeInput(handle) == 1 else { throw lost() }
            }
            guard let next = unsafe PQgetResult(handle) else { break }
            let result = unsafe PostgresResult(next)
            failure = failure ?? result.failure
            last = result
        }
        if let failure {
            let isOpen = unsafe PQstatus(handle) == CONNECTION_OK
            if failure.endsConnection || !isOpen { isBroken = true }
            throw failure
        }
        guard let last else { throw lost() }
        return last
    }

    /// - Returns: the events that came.
    private func wait(for events: Int32, until deadline: Int64?) throws -> Int32 {
        var entry = pollfd(fd: unsafe PQsocket(handle), events: Int16(events), revents: 0)
        while true {
            let left = deadline.map { max(0, $0 - Self.now) } ?? 3600
            let ready = unsafe poll(&entry, 1, Int32(clamping: left * 1000))
            if ready > 0 { return Int32(entry.revents) }
            if ready < 0, errno == EINTR { continue }
            guard ready == 0, deadline == nil else {
                isBroken = true
                throw KeyStoreError(.unavailable, "store \(store): the server does not answer")
            }
        }
    }

    private func lost() -> KeyStoreError {
        isBroken = true
        return KeyStoreError(.unavailable, "store \(store): \(complaint)")
    }

    private static var now: Int64 {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec)
    }
}
