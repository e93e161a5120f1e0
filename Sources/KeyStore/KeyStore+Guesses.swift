/// Wrong passwords are counted before they are tried, so that many at once count as many.
extension KeyStore {
    /// How many wrong passwords are too many. Times in seconds.
    public struct GuessLimits: Sendable, Equatable {
        public var failures: Int64
        public var firstLock: Int64
        public var longestLock: Int64

        public init(failures: Int64, firstLock: Int64, longestLock: Int64) {
            self.failures = failures
            self.firstLock = firstLock
            self.longestLock = longestLock
        }
    }

    /// Counts a guess as wrong, unless guessing is locked at `now`.
    ///
    /// - Parameters:
    ///   - subject: whose password.
    ///   - kind: which of their passwords.
    /// - Returns: nil where it was counted and may be tried, else the Unix second at which the lock ends.
    public func countGuess(subject: String, kind: String, now: Int64, limits: GuessLimits) throws -> Int64? {
        try database.write { connection in
            let key: [String: SQLValue] = ["subject": SQLValue(subject), "kind": SQLValue(kind)]
            let counted = try connection.execute(
                Query.countGuess,
                key.merging([
                    "now": SQLValue(now), "limit": SQLValue(limits.failures), "first_lock": SQLValue(limits.firstLock),
                    "longest": SQLValue(limits.longestLock),
                ]) { $1 })
            if counted > 0 { return nil }
            return try connection.row(Query.guessLock, key)?.integer("locked_until") ?? now
        }
    }

    /// A right password: what was wrong before does not count any more.
    public func forgetGuesses(subject: String, kind: String) throws {
        try database.write { connection in
            _ = try connection.execute(Query.forgetGuesses, ["subject": SQLValue(subject), "kind": SQLValue(kind)])
        }
    }
}
