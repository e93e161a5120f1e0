public import Libcrypto

/// Tokens, which stand for a password within a session.
extension KeyStore {
    /// Which token: a name that only its holder can know, and whom it may serve.
    public struct TokenKey: Sendable, Equatable {
        /// SHA-256 of the token.
        public var id: [UInt8]
        /// SHA-256 of the session's identifier.
        public var session: [UInt8]
        public var account: Int64
        /// `PGP` or `SMIME`.
        public var type: String

        public init(id: [UInt8], session: [UInt8], account: Int64, type: String) {
            self.id = id
            self.session = session
            self.account = account
            self.type = type
        }

        fileprivate var arguments: [String: SQLValue] {
            [
                "id": SQLValue(id), "session": SQLValue(session), "account": SQLValue(account), "type": SQLValue(type),
            ]
        }
    }

    /// A token that counts.
    public struct TokenRecord: Sendable, Equatable {
        /// Unix seconds.
        public var created: Int64
        /// Unix seconds after which it is over.
        public var ends: Int64
        /// How often it may still be used; nil for any number.
        public var uses: Int64?
        /// Sealed by whoever keeps it.
        public var sealed: [UInt8]

        public init(created: Int64, ends: Int64, uses: Int64?, sealed: [UInt8]) {
            self.created = created
            self.ends = ends
            self.uses = uses
            self.sealed = sealed
        }
    }

    /// What of a token is attached to its session.
    public struct TokenAttachment: Sendable {
        /// As the client asked: -1 for a single use, 0 until the session ends.
        public var minutes: Int64
        /// The token itself, sealed by whoever keeps it.
        public var token: [UInt8]
        /// What opens the keys, for the mail flow; nil where mail must not use it.
        public var secrets: SecretBytes?

        public init(minutes: Int64, token: [UInt8], secrets: SecretBytes?) {
            self.minutes = minutes
            self.token = token
            self.secrets = secrets
        }
    }

    /// A token that is attached to a session.
    public struct AttachedToken: Sendable, Equatable {
        public var minutes: Int64
        public var created: Int64
        public var ends: Int64
        public var token: [UInt8]
    }

    /// What opens the keys of an account for the mail flow.
    public struct AttachedSecrets: Sendable {
        public var secrets: SecretBytes
        /// Unix seconds after which it must not be used, whatever the change counter says.
        public var ends: Int64
    }

    public func insertToken(_ key: TokenKey, _ record: TokenRecord, attaching: TokenAttachment? = nil) throws {
        try database.write { try insertToken(key, record, attaching: attaching, in: $0) }
    }

    /// The same within a transaction that changes the account.
    package func insertToken(
        _ key: TokenKey, _ record: TokenRecord, attaching attachment: TokenAttachment? = nil,
        in connection: any StoreConnection
    ) throws {
        _ = try connection.execute(
            Query.insertToken,
            key.arguments.merging([
                "now": SQLValue(record.created), "ends": SQLValue(record.ends), "uses": SQLValue(record.uses),
                "sealed": SQLValue(record.sealed),
            ]) { $1 })
        if let attachment { try attach(key, record, attachment, in: connection) }
    }

    /// A token that counts at `now`; nil for any other, whatever is wrong with it.
    public func token(_ key: TokenKey, now: Int64) throws -> TokenRecord? {
        try database.read { try Self.token(key, now: now, in: $0) }
    }

    /// The same, and one use less. Of several at once that ask for the last use one gets the token.
    public func takeToken(_ key: TokenKey, now: Int64) throws -> TokenRecord? {
        guard let record = try token(key, now: now) else { return nil }
        guard record.uses != nil else { return record }
        return try database.write { connection in
            // Read again: the seal may be another one by now.
            guard let record = try Self.token(key, now: now, in: connection),
                try connection.execute(Query.useToken, ["id": SQLValue(key.id)]) == 1
            else { return nil }
            _ = try connection.execute(Query.deleteUsedToken, ["id": SQLValue(key.id)])
            return record
        }
    }

    /// Attaches a token to its session, under a new seal.
    /// - Returns: false where it does not count any more.
    public func attachToken(
        _ key: TokenKey, _ record: TokenRecord, _ attachment: TokenAttachment, now: Int64
    ) throws -> Bool {
        try database.write { connection in
            let arguments = key.arguments.merging([
                "now": SQLValue(now), "ends": SQLValue(record.ends), "uses": SQLValue(record.uses),
                "sealed": SQLValue(record.sealed),
            ]) { $1 }
            guard try connection.execute(Query.resealToken, arguments) == 1 else { return false }
            try attach(key, record, attachment, in: connection)
            return true
        }
    }

    private func attach(
        _ key: TokenKey, _ record: TokenRecord, _ attachment: TokenAttachment, in connection: any StoreConnection
    ) throws {
        var master: String?
        var sealed: [UInt8]?
        if let secrets = attachment.secrets {
            let record = try seal(
                secrets, in: .attachedToken, key: [SQLValue(key.session), SQLValue(key.type)],
                account: SQLValue(key.account), connection)
            (master, sealed) = (record.master, record.sealed)
        }
        _ = try connection.execute(
            Query.attachToken,
            key.arguments.merging([
                "minutes": SQLValue(attachment.minutes), "now": SQLValue(record.created),
                "ends": SQLValue(record.ends), "token": SQLValue(attachment.token), "master": SQLValue(master),
                "sealed": SQLValue(sealed),
            ]) { $1 })
        _ = try Self.raiseCounter(connection)
    }

    /// The token that is attached to a session for a type.
    public func attachedToken(session: [UInt8], account: Int64, type: String, now: Int64) throws -> AttachedToken? {
        try database.read { connection in
            try connection.row(
                Query.attachedToken,
                [
                    "session": SQLValue(session), "account": SQLValue(account), "type": SQLValue(type),
                    "now": SQLValue(now),
                ]
            ).map {
                AttachedToken(
                    minutes: try $0.integer("minutes"), created: try $0.integer("created"),
                    ends: try $0.integer("ends"), token: try $0.blob("token"))
            }
        }
    }

    /// What users of an account left attached, the newest first. Valid as long as ``changeCounter()`` stays the same, and
    /// no longer than each says.
    public func attachedSecrets(account: Int64, type: String, now: Int64) throws -> [AttachedSecrets] {
        let rows = try database.read { connection in
            try connection.rows(
                Query.attachedSecrets,
                ["account": SQLValue(account), "type": SQLValue(type), "now": SQLValue(now)])
        }
        return try rows.map { row in
            AttachedSecrets(
                secrets: try open(
                    row.blob("sealed"), in: .attachedToken, key: [SQLValue(row.blob("session_id")), SQLValue(type)],
                    account: SQLValue(account)),
                ends: min(try row.integer("ends"), try row.integer("session_ends")))
        }
    }

    /// Ends all tokens of an account, attached or not, within a transaction that changes it.
    package func revokeTokens(account: Int64, type: String, in connection: any StoreConnection) throws {
        _ = try connection.execute(Query.deleteTokens, ["account": SQLValue(account), "type": SQLValue(type)])
        _ = try Self.raiseCounter(connection)
    }

    private static func token(
        _ key: TokenKey, now: Int64, in connection: any StoreConnection
    ) throws -> TokenRecord? {
        try connection.row(Query.token, key.arguments.merging(["now": SQLValue(now)]) { $1 }).map {
            TokenRecord(
                created: try $0.integer("created"), ends: try $0.integer("ends"), uses: try $0.integerOrNil("uses"),
                sealed: try $0.blob("sealed"))
        }
    }
}
