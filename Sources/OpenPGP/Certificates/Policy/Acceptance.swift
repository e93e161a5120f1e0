/// Until when something counts.
public struct Acceptance: Sendable, Hashable {
    /// Evaluation time from which it no longer counts. Compared with "now", never with a time that a signer claims: who
    /// can break an algorithm can also backdate.
    public var end: Timestamp
    /// What says to be made at or after this time does not count, from the day on which everybody else refuses new uses.
    public var madeBefore: Timestamp

    /// Counts until a time.
    public static func until(_ end: Timestamp, madeBefore: Timestamp = Timestamp(.max)) -> Acceptance {
        Acceptance(end: end, madeBefore: madeBefore)
    }
    /// Counts for ever.
    public static let always = Acceptance(end: Timestamp(.max), madeBefore: Timestamp(.max))
    /// Does not count.
    public static let never = Acceptance(end: Timestamp(.min), madeBefore: Timestamp(.min))

    /// Whether it counts.
    ///
    /// - Parameters:
    ///   - creation: when the thing says it was made; nil where it does not say or that does not matter.
    ///   - evaluation: the time of the judgement.
    public func holds(created creation: Timestamp? = nil, at evaluation: Timestamp) -> Bool {
        guard evaluation < end else { return false }
        guard madeBefore.seconds < .max else { return true }
        return creation.map { $0 < madeBefore } ?? false
    }
}

/// Until when each algorithm counts, per use. What is not listed does not count.
public struct AcceptanceTable<Algorithm: Hashable & Sendable, Use: Hashable & Sendable>: Sendable, Hashable {
    private var rows: [Algorithm: [Use: Acceptance]] = [:]

    /// Makes an empty table: nothing counts.
    public init() {}

    /// Until when an algorithm counts for a use.
    public subscript(algorithm: Algorithm, use: Use) -> Acceptance {
        get { rows[algorithm]?[use] ?? .never }
        set {
            var row = rows[algorithm] ?? [:]
            // What is not listed does not count: equal tables look alike.
            row[use] = newValue == .never ? nil : newValue
            rows[algorithm] = row.isEmpty ? nil : row
        }
    }

    /// Gives the same to several algorithms for several uses.
    public mutating func set(_ algorithms: [Algorithm], for uses: [Use], to acceptance: Acceptance) {
        for algorithm in algorithms {
            for use in uses { self[algorithm, use] = acceptance }
        }
    }
}
