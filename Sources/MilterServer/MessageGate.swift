/// Counts the messages that are between MAIL and their end, and refuses new ones when draining or full.
final class MessageGate: @unchecked Sendable {
    enum Admission: Equatable { case admitted, draining, full }

    private let condition = Condition()
    private let limit: Int
    private var running = 0
    private var draining = false

    /// `limit`: messages in flight at most; more are deferred, so that memory over all messages is bounded.
    init(limit: Int) { self.limit = limit }

    func enter() -> Admission {
        condition.withLock {
            if draining { return .draining }
            if running >= limit { return .full }
            running += 1
            return .admitted
        }
    }

    func leave() {
        condition.withLock {
            running -= 1
            if running == 0 { condition.broadcast() }
        }
    }

    var count: Int { condition.withLock { running } }
    var isDraining: Bool { condition.withLock { draining } }

    /// Refuses new messages from now on.
    func close() { condition.withLock { draining = true } }

    /// Takes `close` back (tests only: a process that drains ends).
    func reopen() { condition.withLock { draining = false } }

    /// Waits until no message runs or `seconds` are over; says how many still run.
    func waitUntilEmpty(seconds: Int) -> Int {
        let deadline = Condition.deadline(in: seconds)
        return condition.withLock {
            while running > 0 {
                guard condition.wait(until: deadline) else { break }
            }
            return running
        }
    }
}
