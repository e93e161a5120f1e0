import Glibc

/// Writes pieces to a pipe on a thread of its own. Up to 16 MiB wait; then whoever brings more waits, too.
final class PipeWriter: @unchecked Sendable {
    static let limit = 16 << 20
    private static let mostSpare = 4

    private let descriptor: Int32
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let change = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var thread = pthread_t()
    // Behind the mutex.
    private var queue: [[UInt8]] = []
    private var waiting = 0
    private var spare: [[UInt8]] = []
    private var isClosing = false
    private var failure: Failure?

    init(descriptor: Int32) throws {
        self.descriptor = descriptor
        mutex.initialize(to: pthread_mutex_t())
        change.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(change, nil)
        let box = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<PipeWriter>.fromOpaque(argument).takeRetainedValue().work()
                return nil
            }, box.toOpaque())
        guard status == 0 else {
            box.release()
            throw Failure(.unspecified, "no thread: \(String(cString: strerror(status)))")
        }
    }

    deinit {
        pthread_cond_destroy(change)
        pthread_mutex_destroy(mutex)
        change.deallocate()
        mutex.deallocate()
    }

    /// Takes a piece over and leaves an empty one.
    func take(_ piece: inout [UInt8]) throws {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while waiting > Self.limit, failure == nil { pthread_cond_wait(change, mutex) }
        if let failure { throw failure }
        waiting += piece.count
        queue.append(piece)
        piece = spare.popLast() ?? []
        pthread_cond_broadcast(change)
    }

    /// Waits until everything is written.
    func finish() throws {
        pthread_mutex_lock(mutex)
        isClosing = true
        pthread_cond_broadcast(change)
        pthread_mutex_unlock(mutex)
        pthread_join(thread, nil)
        if let failure { throw failure }
    }

    private func work() {
        while let pieces = next() {
            for var piece in pieces {
                let count = piece.count
                do {
                    try piece.withUnsafeBytes { try FileWriter.write($0, to: descriptor, name: "standard output") }
                } catch {
                    return stop(Failure(error))
                }
                piece.removeAll(keepingCapacity: true)
                written(count, piece)
            }
        }
    }

    private func next() -> [[UInt8]]? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while queue.isEmpty, !isClosing { pthread_cond_wait(change, mutex) }
        guard !queue.isEmpty else { return nil }
        let pieces = queue
        queue = []
        return pieces
    }

    private func written(_ count: Int, _ piece: consuming [UInt8]) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        waiting -= count
        if spare.count < Self.mostSpare { spare.append(piece) }
        pthread_cond_broadcast(change)
    }

    private func stop(_ reason: Failure) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        failure = reason
        pthread_cond_broadcast(change)
    }
}
