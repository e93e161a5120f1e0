/// The audit log.
extension KeyStore {
    /// One line of it: who did what to whom, and how it ended. Never holds a secret.
    public struct AuditRecord: Sendable, Equatable {
        /// Rises; 0 until it is stored.
        public var id: Int64 = 0
        /// Unix seconds at which it was asked for.
        public var time: Int64
        /// Who: `user:alice@example.org`, `basic:desk`, `uid:0`.
        public var actor: String
        /// What, as `key.create` or `password.reset`; one of a fixed set of words.
        public var action: String
        /// To whom or what: an address, a fingerprint, a serial number.
        public var target: String
        /// `ok`, or the code of the refusal.
        public var result: String

        public init(time: Int64, actor: String, action: String, target: String, result: String) {
            self.time = time
            self.actor = actor
            self.action = action
            self.target = target
            self.result = result
        }
    }

    /// Which lines are asked for.
    public enum AuditFilter: Sendable, Equatable {
        case all
        case actor(String)
        case target(String)
    }

    /// Adds a line of what changed nothing. That of a change goes with it: ``changeAccount(_:audit:_:)``.
    public func appendAudit(_ record: AuditRecord) throws {
        try database.write { try Self.append(record, in: $0) }
    }

    /// The same within the transaction of a change.
    static func append(_ record: AuditRecord, in connection: any StoreConnection) throws {
        try connection.execute(
            Query.insertAudit,
            [
                "time": SQLValue(record.time), "actor": SQLValue(record.actor), "action": SQLValue(record.action),
                "target": SQLValue(record.target), "result": SQLValue(record.result),
            ])
    }

    /// Lines, the newest first.
    ///
    /// - Parameters:
    ///   - before: an `id` to go on from; nil for the newest.
    ///   - limit: how many at most.
    public func audit(_ filter: AuditFilter = .all, before: Int64? = nil, limit: Int) throws -> [AuditRecord] {
        var arguments: [String: SQLValue] = ["before": SQLValue(before ?? .max), "limit": SQLValue(limit)]
        let statement: String
        switch filter {
        case .all: statement = Query.auditPage
        case .actor(let name):
            statement = Query.auditByActor
            arguments["name"] = SQLValue(name)
        case .target(let name):
            statement = Query.auditByTarget
            arguments["name"] = SQLValue(name)
        }
        return try database.readStatement { connection in
            try connection.rows(statement, arguments).map { row in
                var record = AuditRecord(
                    time: try row.integer("time"), actor: try row.text("actor"), action: try row.text("action"),
                    target: try row.text("target"), result: try row.text("result"))
                record.id = try row.integer("id")
                return record
            }
        }
    }

    /// Forgets what is older.
    /// - Parameter time: Unix seconds.
    /// - Returns: how many lines went.
    @discardableResult
    public func pruneAudit(before time: Int64) throws -> Int {
        try database.write { try $0.execute(Query.pruneAudit, ["before": SQLValue(time)]) }
    }
}
