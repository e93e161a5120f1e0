import Libcrypto

/// What a use case spends.
public enum GuardStep: String, Sendable, CaseIterable {
    /// A hash of a password that is slow on purpose.
    case passwordHash
    /// A private operation with the server's RSA key.
    case rsa
    /// Deriving a key and opening or sealing a record.
    case seal
    /// A transaction of the store that only reads.
    case read
    /// A transaction of the store that writes.
    case write
}

/// Counts steps, for tests: two requests that nobody may tell apart spend the same.
public final class StepCounter: Sendable {
    private let state = Lock<[GuardStep: Int]>([:])

    public init() {}

    public func count(_ step: GuardStep) { state.withLock { $0[step, default: 0] += 1 } }

    /// How often each was taken since the last call.
    public func take() -> [GuardStep: Int] {
        state.withLock { counts in
            defer { counts = [:] }
            return counts
        }
    }
}
