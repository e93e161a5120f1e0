import Glibc

/// A value that one thread waits for and another brings, once.
public final class Handover<Value: Sendable>: @unchecked Sendable {
    private enum State {
        case open
        case done(Result<Value, any Error>)
        case abandoned
    }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let arrived = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state = State.open

    public init() {
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        arrived.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // The time of day may jump.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(arrived, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(arrived)
        arrived.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Brings the value. False, and nothing happens, if there was one already or nobody waits any more: the caller still
    /// owns what it brought.
    @discardableResult
    public func complete(_ result: Result<Value, any Error>) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard case .open = state else { return false }
        state = .done(result)
        pthread_cond_broadcast(arrived)
        return true
    }

    /// The value if it is there.
    public func poll() -> Result<Value, any Error>? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return if case .done(let result) = state { result } else { nil }
    }

    /// Blocks until the value is there, at most that long. Nil when it did not come; it is then refused when it does.
    public func wait(seconds: Double) -> Result<Value, any Error>? {
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        // A century is as good as forever and does not overflow.
        let nanoseconds = Int(max(0, min(seconds, 3e9)) * 1e9) + end.tv_nsec
        end.tv_sec += nanoseconds / 1_000_000_000
        end.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while case .open = state {
            if pthread_cond_timedwait(arrived, mutex, &end) == ETIMEDOUT { break }
        }
        if case .done(let result) = state { return result }
        state = .abandoned
        return nil
    }
}
