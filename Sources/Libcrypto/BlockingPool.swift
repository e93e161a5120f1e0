import Glibc

/// A few threads of their own for work that blocks: slow hashes, key generation, bulk cryptography, SQL. Event loops and
/// the cooperative pool of Swift never do such work themselves; this is the way to it.
///
/// Work waits in a queue of fixed length; beyond it, ``Full`` is thrown at once, so that load turns into refusals and not
/// into memory.
public final class BlockingPool: Sendable {
    /// The queue is full: answer 429 or 451.
    public struct Full: Error, Sendable, Equatable {
        public init() {}
    }

    private struct State {
        /// Oldest first.
        var jobs: [@Sendable () -> Void] = []
        var running = 0
    }

    private final class Shared: Sendable {
        let state = Lock(State())
        let wakeUp = Semaphore()
    }

    private let shared = Shared()
    private let limit: Int
    private let threads: Int

    /// - Parameters:
    ///   - threads: how much runs at once, at least 1.
    ///   - queue: how much may wait beyond that.
    ///   - yields: whether the work stands back where others need the processor: for what takes long, so that what is
    ///     quick does not wait for it.
    public init(threads: Int, queue: Int, yields: Bool = false) {
        self.threads = max(1, threads)
        limit = max(0, queue)
        for _ in 0..<self.threads {
            PlainThread.start { [shared] in
                // On Linux that is the priority of this thread alone. Where it is not allowed things are as before.
                if yields { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5) }
                Self.serve(shared)
            }
        }
    }

    deinit {
        // A thread that wakes up without work ends.
        for _ in 0..<threads { shared.wakeUp.signal() }
    }

    /// How much is running and waiting now.
    public var load: (running: Int, waiting: Int) { shared.state.withLock { ($0.running, $0.jobs.count) } }

    /// Runs the work on a thread of the pool.
    /// - Throws: ``Full``, or what the work throws.
    public func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let isTaken = shared.state.withLock { state in
                guard state.jobs.count + state.running < limit + threads else { return false }
                state.jobs.append { continuation.resume(with: Result { try work() }) }
                return true
            }
            if isTaken { shared.wakeUp.signal() } else { continuation.resume(throwing: Full()) }
        }
    }

    private static func serve(_ shared: Shared) {
        while true {
            shared.wakeUp.wait()
            let job: (@Sendable () -> Void)? = shared.state.withLock { state in
                guard !state.jobs.isEmpty else { return nil }
                state.running += 1
                return state.jobs.removeFirst()
            }
            guard let job else { return }
            job()
            shared.state.withLock { $0.running -= 1 }
        }
    }
}
