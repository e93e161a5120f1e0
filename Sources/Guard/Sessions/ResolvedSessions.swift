import Libcrypto

/// Sessions of another issuer that it vouched for a moment ago.
final class ResolvedSessions: Sendable {
    private static let limit = 100_000
    private let state = Lock<[[UInt8]: Int64]>([:])

    /// - Parameter end: Unix seconds.
    func remember(_ hash: [UInt8], until end: Int64) {
        state.withLock { known in
            // Forgetting all costs a question each, and no more.
            if known.count >= Self.limit { known = [:] }
            known[hash] = end
        }
    }

    func isKnown(_ hash: [UInt8], at now: Int64) -> Bool { state.withLock { $0[hash].map { now < $0 } ?? false } }
}
