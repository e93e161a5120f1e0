/// Deliveries of copies that are under way, by names that say nothing.
extension KeyStore {
    public enum DeliveryState: Sendable, Equatable {
        case busy
        /// The names that were accepted before, and those of which nobody knows.
        case ready(done: Set<[UInt8]>, unsure: Set<[UInt8]>)
    }

    private enum Stage {
        static let sending: Int64 = 0
        static let accepted: Int64 = 1
    }

    /// Begins an attempt at these names, in one durable transaction.
    ///
    /// - Parameters:
    ///   - patience: seconds for which an attempt that did not end keeps others out.
    ///   - lifetime: seconds for which an entry is kept.
    public func openDelivery(_ names: [[UInt8]], patience: Int64, lifetime: Int64) throws -> DeliveryState {
        try database.write { connection in
            let now = clock()
            try connection.execute(Query.expireDeliveries, ["now": SQLValue(now)])
            var done: Set<[UInt8]> = []
            var unsure: Set<[UInt8]> = []
            var fresh: [[UInt8]] = []
            // In one order, so that two attempts cannot wait for each other.
            for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                guard let row = try connection.row(Query.delivery, ["name": SQLValue(name)]) else {
                    fresh.append(name)
                    continue
                }
                if try row.integer("stage") == Stage.accepted {
                    done.insert(name)
                } else if try row.integer("since") > now - patience {
                    return .busy
                } else {
                    unsure.insert(name)
                    fresh.append(name)
                }
            }
            for name in fresh {
                let written = try connection.row(
                    Query.beginDelivery,
                    [
                        "name": SQLValue(name), "now": SQLValue(now), "ends": SQLValue(now + lifetime),
                        "limit": SQLValue(now - patience),
                    ])
                // Somebody else began in between.
                guard written != nil else { throw KeyStoreError(.busy, "a delivery is under way already") }
            }
            return .ready(done: done, unsure: unsure)
        }
    }

    public func acceptDelivery(_ names: [[UInt8]]) throws { try stage(names, Stage.accepted) }

    /// - Parameter isSure: false keeps the entry, for the next attempt to count.
    public func giveBackDelivery(_ names: [[UInt8]], isSure: Bool) throws {
        try database.write { connection in
            for name in names {
                try connection.execute(
                    isSure ? Query.forgetDelivery : Query.doubtDelivery, ["name": SQLValue(name)])
            }
        }
    }

    public func closeDelivery(_ names: [[UInt8]]) throws {
        try database.write { connection in
            for name in names { try connection.execute(Query.closeDelivery, ["name": SQLValue(name)]) }
        }
    }

    /// Whether nothing is under way or unfinished.
    public func hasNoDeliveries() throws -> Bool {
        try database.read { try $0.row(Query.anyDelivery, [:]) == nil }
    }

    /// Whether one of these names is under way or unfinished.
    public func knowsDelivery(_ names: [[UInt8]]) throws -> Bool {
        try database.read { connection in
            try names.contains { try connection.row(Query.delivery, ["name": SQLValue($0)]) != nil }
        }
    }

    private func stage(_ names: [[UInt8]], _ stage: Int64) throws {
        try database.write { connection in
            for name in names {
                try connection.execute(Query.stageDelivery, ["name": SQLValue(name), "stage": SQLValue(stage)])
            }
        }
    }
}

extension Query {
    static let delivery = "SELECT stage, since FROM delivery WHERE name = :name"
    static let anyDelivery = "SELECT 1 AS found FROM delivery LIMIT 1"
    static let beginDelivery = """
        INSERT INTO delivery (name, stage, since, ends) VALUES (:name, 0, :now, :ends)
        ON CONFLICT (name) DO UPDATE SET since = excluded.since, ends = excluded.ends
        WHERE delivery.stage = 0 AND delivery.since <= :limit
        RETURNING name
        """
    static let stageDelivery = "UPDATE delivery SET stage = :stage WHERE name = :name"
    static let forgetDelivery = "DELETE FROM delivery WHERE name = :name AND stage = 0"
    static let doubtDelivery = "UPDATE delivery SET since = 0 WHERE name = :name AND stage = 0"
    static let closeDelivery = "DELETE FROM delivery WHERE name = :name"
    static let expireDeliveries = "DELETE FROM delivery WHERE ends <= :now"
}

extension Schema {
    /// Copies on their way. A row lives from before a copy is sent until the whole message was answered.
    static func journalTables(_ d: Dialect) -> [String] {
        [
            """
            CREATE TABLE delivery (
                name \(d.blob) PRIMARY KEY NOT NULL,
                stage \(d.integer) NOT NULL,
                since \(d.integer) NOT NULL,
                ends \(d.integer) NOT NULL
            ) \(d.strict)
            """,
            "CREATE INDEX delivery_ends ON delivery (ends)",
        ]
    }
}
