import Libcrypto

/// Guests and their links.
extension KeyStore {
    /// What is known of a guest beside the account.
    public struct GuestRecord: Sendable, Equatable {
        /// Whether there is a password, and with it a key.
        public var isActive: Bool
        /// Asked for with the first password; nil where nothing is.
        public var pin: SaltedDigest?
        /// The answer to the question that a reset asks.
        public var answer: SaltedDigest?
        /// Unix seconds.
        public var created: Int64
    }

    /// A digest that is worth nothing elsewhere.
    public struct SaltedDigest: Sendable, Equatable {
        public var salt: [UInt8]
        public var digest: [UInt8]

        public init(salt: [UInt8], digest: [UInt8]) {
            self.salt = salt
            self.digest = digest
        }
    }

    /// What a link is good for.
    public enum GuestLinkKind: String, Sendable {
        case first
        case reset
    }

    /// Makes the account a guest's, if it is not yet.
    public func addGuest(account: Int64) throws {
        try database.write { connection in
            _ = try connection.execute(Query.insertGuest, ["account": SQLValue(account), "now": SQLValue(clock())])
        }
    }

    public func guest(account: Int64) throws -> GuestRecord? {
        try database.read { connection in
            guard let row = try connection.row(Query.guest, ["account": SQLValue(account)]) else { return nil }
            func digest(_ salt: String, _ digest: String) throws -> SaltedDigest? {
                guard let salt = try row.blobOrNil(salt), let digest = try row.blobOrNil(digest) else { return nil }
                return SaltedDigest(salt: salt, digest: digest)
            }
            return GuestRecord(
                isActive: try row.bool("is_active"), pin: try digest("pin_salt", "pin"),
                answer: try digest("answer_salt", "answer"), created: try row.integer("created"))
        }
    }

    /// nil takes the PIN away. False where there is no such guest.
    ///
    /// - Parameter line: of the audit log, kept with the change.
    @discardableResult
    public func setGuestPIN(_ pin: SaltedDigest?, account: Int64, audit line: AuditRecord? = nil) throws -> Bool {
        try database.write { connection in
            let isDone =
                try connection.execute(
                    Query.setGuestPIN,
                    ["account": SQLValue(account), "salt": SQLValue(pin?.salt), "digest": SQLValue(pin?.digest)]) == 1
            if isDone, let line { try Self.append(line, in: connection) }
            return isDone
        }
    }

    /// What a reset will ask for, within a change of the account.
    package static func setGuestAnswer(
        _ answer: SaltedDigest, account: Int64, in connection: any StoreConnection
    ) throws {
        try connection.execute(
            Query.setGuestAnswer,
            ["account": SQLValue(account), "salt": SQLValue(answer.salt), "digest": SQLValue(answer.digest)])
    }

    /// - Parameters:
    ///   - id: SHA-256 of what the link shows.
    ///   - ends: Unix seconds.
    public func addGuestLink(_ id: [UInt8], _ kind: GuestLinkKind, account: Int64, now: Int64, ends: Int64) throws {
        try database.write { connection in
            _ = try connection.execute(
                Query.insertGuestLink,
                [
                    "id": SQLValue(id), "account": SQLValue(account), "kind": SQLValue(kind.rawValue),
                    "now": SQLValue(now), "ends": SQLValue(ends),
                ])
        }
    }

    /// The account that a link belongs to; nil for one that is unknown, used or over.
    public func guestLink(_ id: [UInt8], _ kind: GuestLinkKind, now: Int64) throws -> Int64? {
        try database.read { connection in
            try connection.row(
                Query.guestLink,
                ["id": SQLValue(id), "kind": SQLValue(kind.rawValue), "now": SQLValue(now)])?.integer("account_id")
        }
    }

    /// When the newest link of that kind was made; nil where there is none.
    public func newestGuestLink(_ kind: GuestLinkKind, account: Int64) throws -> Int64? {
        try database.read { connection in
            try connection.row(
                Query.newestGuestLink, ["account": SQLValue(account), "kind": SQLValue(kind.rawValue)])?
                .integerOrNil("created")
        }
    }

    /// Uses a link up, with all others of the account, and lets the guest in. Part of the transaction in which the guest
    /// gets a key, so that of two requests with one link one changes nothing.
    ///
    /// - Returns: false where the link is used or over: throw, so that the transaction changes nothing.
    package static func activateGuest(
        _ account: Int64, link: [UInt8], now: Int64, in connection: any StoreConnection
    ) throws -> Bool {
        let key: [String: SQLValue] = ["account": SQLValue(account)]
        guard
            try connection.execute(
                Query.useGuestLink, key.merging(["id": SQLValue(link), "now": SQLValue(now)]) { $1 }) == 1
        else { return false }
        _ = try connection.execute(Query.deleteGuestLinks, key)
        return try connection.execute(Query.activateGuest, key) == 1
    }

    /// Forgets that an account was a guest's, with links and messages that wait.
    package static func deleteGuest(_ account: Int64, in connection: any StoreConnection) throws {
        let key: [String: SQLValue] = ["account": SQLValue(account)]
        for query in [Query.deleteGuestMessages, Query.deleteGuestLinks, Query.deleteGuest] {
            _ = try connection.execute(query, key)
        }
    }

    /// Turns a guest's account into that of a user.
    package static func makeUser(of account: Int64, in connection: any StoreConnection) throws {
        try deleteGuest(account, in: connection)
        try connection.execute(Query.openToUsers, ["account": SQLValue(account)])
    }

    /// Forgets a ring that another account has now.
    package func removeRing(_ ring: OwnRing, in connection: any StoreConnection) throws {
        try connection.execute(Query.deleteRing, ["id": SQLValue(ring.id), "account": SQLValue(ring.accountID)])
    }

    /// Takes an account out of use; its number is never used again.
    package static func close(account: Int64, now: Int64, in connection: any StoreConnection) throws {
        try deleteGuest(account, in: connection)
        try connection.execute(Query.closeAccount, ["account": SQLValue(account), "now": SQLValue(now)])
    }

    /// Forgets links and messages that are over.
    public func expireGuestThings(now: Int64) throws {
        try database.write { connection in
            for query in [Query.expireGuestLinks, Query.expireGuestMessages] {
                _ = try connection.execute(query, ["now": SQLValue(now)])
            }
        }
    }
}
