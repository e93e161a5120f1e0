import Libcrypto

/// The connections of a listener: how many there are, which of them have a message in work, and whether it is time to end.
final class ConnectionGate: Sendable {
    private struct State {
        var connections: [Int: Entry] = [:]
        var next = 0
        var isDraining = false
        var whenIdle: Handover<Void>?

        var busy: Int { connections.values.count { $0.isBusy } }

        mutating func tellIfIdle() {
            guard isDraining, busy == 0 else { return }
            whenIdle?.complete(.success(()))
            whenIdle = nil
        }
    }

    private struct Entry {
        let link: ClientLink
        var isBusy = false
    }

    private let limit: Int
    private let state = Lock(State())

    /// - Parameter limit: connections at once.
    init(limit: Int) { self.limit = limit }

    /// A number for a new connection; nil where there are too many.
    func enter(_ link: ClientLink) -> Int? {
        state.withLock { state in
            guard state.connections.count < limit, !state.isDraining else { return nil }
            state.next += 1
            state.connections[state.next] = Entry(link: link)
            return state.next
        }
    }

    func leave(_ id: Int) {
        state.withLock { state in
            state.connections[id] = nil
            state.tellIfIdle()
        }
    }

    /// A message begins; false where none is taken any more.
    func begin(_ id: Int) -> Bool {
        state.withLock { state in
            guard !state.isDraining else { return false }
            state.connections[id]?.isBusy = true
            return true
        }
    }

    /// The message ended, whatever became of it.
    func end(_ id: Int) {
        state.withLock { state in
            state.connections[id]?.isBusy = false
            state.tellIfIdle()
        }
    }

    var isDraining: Bool { state.withLock { $0.isDraining } }
    var messagesInFlight: Int { state.withLock { $0.busy } }

    /// Takes no new messages, tells connections without one to end, and waits for the others.
    ///
    /// - Returns: how many messages did not end in time.
    func drain(seconds: Double) -> Int {
        let idle = Handover<Void>()
        let waiting = state.withLock { state in
            state.isDraining = true
            state.whenIdle = idle
            state.tellIfIdle()
            return state.connections.values.filter { !$0.isBusy }.map(\.link)
        }
        for link in waiting { link.interrupt() }
        _ = idle.wait(seconds: seconds)
        return messagesInFlight
    }

    /// Closes whatever is still open.
    func closeAll() {
        for link in state.withLock({ $0.connections.values.map(\.link) }) { link.close() }
    }
}
