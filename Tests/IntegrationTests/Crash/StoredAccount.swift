/// What the store says of one account.
struct StoredAccount: Equatable {
    struct Ring: Equatable {
        let fingerprint: String
        var isCurrent: Bool
        /// Mail addresses of its user IDs, sorted.
        var addresses: [String]
    }

    struct External: Equatable {
        var isShared = false
        var isInline = false
    }

    /// Rises by one with every change.
    var version = 0
    var secondary: String?
    /// In the order in which they came.
    var rings: [Ring] = []
    /// Fingerprints of deleted rings, in the same order.
    var deleted: [String] = []
    var externals: [String: External] = [:]
    /// SHA-256 of the identifiers, in hexadecimal digits.
    var sessions: Set<String> = []
    var tokens = 0
    var attached = 0

    var currentRing: Ring? { rings.first(where: \.isCurrent) }

    mutating func setCurrent(_ fingerprint: String?) {
        for index in rings.indices { rings[index].isCurrent = rings[index].fingerprint == fingerprint }
    }
}
