import CMilter
import Glibc

/// Tells Postfix every few seconds that a long end of message is still at work, so that it does not give up
/// (`milter_content_timeout`).
///
/// `smfi_progress` only writes one packet on the connection. One thread does it for all connections, under a lock that
/// `end` takes too: after `end` returns nothing but the worker writes there. Register only while the worker computes.
final class ProgressTicker: @unchecked Sendable {
    private let condition = Condition()
    private var active: Set<OpaquePointer> = []
    private var stopped = false
    private let interval: Int

    /// `interval`: seconds between two signs of life.
    init(interval: Int) { self.interval = interval }

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
            condition.withLock {
                while !stopped {
                    let deadline = Condition.deadline(in: interval)
                    while !stopped, condition.wait(until: deadline) {}
                    if stopped { return }
                    // A peer that is gone shows itself to the worker; here there is nothing to do about it.
                    for context in active { _ = smfi_progress(context) }
                }
            }
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
