import CMilter
import Glibc

/// Tells Postfix every few seconds that a long end of message is still at work, so that it does not give up
/// (`milter_content_timeout`).
///
/// `smfi_progress` only writes one packet on the connection. One thread does it for all connections, under a lock that
/// `end` takes too: after `end` returns nothing but the worker writes there. Register only while the worker computes.
///
/// It also mends a weakness of libmilter's pool: a connection that becomes ready while a worker looks idle is left to that
/// worker, even if it has just been given another one; then it waits until some callback returns. With many long callbacks
/// at once (73 of 300 ran in the test) that may take too long. A connection to our own socket makes the pool start a worker,
/// which then takes up a waiting one.
final class ProgressTicker: @unchecked Sendable {
    /// Connections made to ourselves at most in one round.
    static let maximumPokes = 64

    private let condition = Condition()
    private var active: Set<OpaquePointer> = []
    private var stopped = false
    private let interval: Int
    private let poke: @Sendable () -> Void

    /// `interval`: seconds between two signs of life. `poke` opens and closes a connection to our own socket.
    init(interval: Int, poke: @escaping @Sendable () -> Void) {
        self.interval = interval
        self.poke = poke
    }

    func begin(_ context: OpaquePointer) { condition.withLock { _ = active.insert(context) } }

    func end(_ context: OpaquePointer) { condition.withLock { _ = active.remove(context) } }

    func stop() {
        condition.withLock {
            stopped = true
            condition.broadcast()
        }
    }

    /// Starts the thread; it ends after `stop`.
    func start() {
        startThread { [self] in
            while let running = tick() {
                for _ in 0..<min(running, Self.maximumPokes) { poke() }
            }
        }
    }

    /// Waits for one interval and shows a sign of life everywhere; how many there were, nil when stopped.
    private func tick() -> Int? {
        condition.withLock {
            let deadline = Condition.deadline(in: interval)
            while !stopped, condition.wait(until: deadline) {}
            if stopped { return nil }
            // A peer that is gone shows itself to the worker; here there is nothing to do about it.
            for context in active { _ = smfi_progress(context) }
            return active.count
        }
    }
}

/// Runs `body` on a new detached thread.
func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body)).toOpaque()
    let code = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, box)
    if code == 0 { pthread_detach(thread) } else { Unmanaged<Box>.fromOpaque(box).release() }
}
