import Libcrypto

/// How often each peer named a session that nobody knows, in the current minute.
final class GuessingLimit: Sendable {
    private struct State {
        var minute: Int64 = 0
        var counts: [String: Int] = [:]
    }

    /// Peers beyond so many share one count.
    private static let peers = 4096
    private let state = Lock(State())

    /// Whether the peer has named more than `limit` already.
    func isExceeded(by peer: String, limit: Int, now: Int64) -> Bool {
        state.withLock { state in
            state.minute == now / 60 && state.counts[name(peer, state), default: 0] >= limit
        }
    }

    func count(_ peer: String, now: Int64) {
        state.withLock { state in
            if state.minute != now / 60 { state = State(minute: now / 60) }
            state.counts[name(peer, state), default: 0] += 1
        }
    }

    private func name(_ peer: String, _ state: State) -> String {
        state.counts.count < Self.peers || state.counts[peer] != nil ? peer : ""
    }
}
