/// Sessions of the control API.
extension KeyStore {
    /// A session that counts.
    public struct SessionRecord: Sendable, Equatable {
        /// SHA-256 of the identifier.
        public var id: [UInt8]
        public var account: AccountRecord
        /// What it rests on.
        public var origin: String
        /// Unix seconds after which it is over unless it is used.
        public var ends: Int64
        /// Unix seconds after which it is over.
        public var lastEnd: Int64
    }

    /// - Parameters:
    ///   - origin: what the session rests on, for administrators.
    ///   - ends: Unix seconds, as `lastEnd`.
    public func insertSession(
        id: [UInt8], account: Int64, origin: String, now: Int64, ends: Int64, lastEnd: Int64
    ) throws {
        try database.write { connection in
            // An identifier that somebody else issued may come again after its end here.
            _ = try connection.execute(Query.expireSession, ["id": SQLValue(id), "now": SQLValue(now)])
            _ = try connection.execute(
                Query.insertSession,
                [
                    "id": SQLValue(id), "account": SQLValue(account), "origin": SQLValue(origin), "now": SQLValue(now),
                    "ends": SQLValue(ends), "last_end": SQLValue(lastEnd),
                ])
        }
    }

    /// The session of that name, if it counts at `now` and its account is in use. From memory while the store has not
    /// changed, because every request asks.
    public func session(id: [UInt8], now: Int64) throws -> SessionRecord? {
        // One that was used from another process meanwhile looks over when it is not.
        if let known = sessions.answer(to: id, counter: try changeCounter()), known.ends > now { return known }
        let found = try database.read { connection -> (counter: Int64, session: SessionRecord)? in
            guard let row = try connection.row(Query.session, ["id": SQLValue(id), "now": SQLValue(now)]) else {
                return nil
            }
            let key: [String: SQLValue] = ["id": SQLValue(try row.integer("account_id"))]
            guard let account = try Self.account(Query.accountByID, key, in: connection) else { return nil }
            let session = SessionRecord(
                id: id, account: account, origin: try row.text("origin"), ends: try row.integer("ends"),
                lastEnd: try row.integer("last_end"))
            return (try Self.counter(connection), session)
        }
        guard let found else { return nil }
        sessions.remember(found.session, for: id, counter: found.counter)
        return found.session
    }

    /// Puts the end of a session off that still counts.
    public func touchSession(id: [UInt8], now: Int64, ends: Int64) throws {
        try database.write { connection in
            _ = try connection.execute(
                Query.touchSession, ["id": SQLValue(id), "now": SQLValue(now), "ends": SQLValue(ends)])
        }
        sessions.forget(id)
    }

    /// Ends a session, and with it all its tokens. No error where it is over already.
    public func deleteSession(id: [UInt8]) throws {
        try database.write { connection in
            if try connection.execute(Query.deleteSession, ["id": SQLValue(id)]) > 0 {
                _ = try Self.raiseCounter(connection)
            }
        }
    }

    /// Ends all sessions of an account.
    /// - Returns: how many there were.
    @discardableResult
    public func deleteSessions(account: Int64) throws -> Int {
        try database.write { connection in
            let count = try connection.execute(Query.deleteSessions, ["account": SQLValue(account)])
            if count > 0 { _ = try Self.raiseCounter(connection) }
            return count
        }
    }

    /// Forgets sessions, tokens, keys and counts that are over at `now`.
    public func expireOldThings(now: Int64, guessesBefore: Int64) throws {
        try database.write { connection in
            let now: [String: SQLValue] = ["now": SQLValue(now)]
            var count = 0
            for query in [Query.expireAttached, Query.expireTokens, Query.expireSessions] {
                count += try connection.execute(query, now)
            }
            _ = try connection.execute(Query.expirePasswordKeys, now)
            _ = try connection.execute(
                Query.expireGuesses, now.merging(["before": SQLValue(guessesBefore)]) { $1 })
            if count > 0 { _ = try Self.raiseCounter(connection) }
        }
    }
}
