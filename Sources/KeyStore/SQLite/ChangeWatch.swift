import Glibc
import Libcrypto

/// Remembers the store's change counter while the log file beside the database shows that nobody wrote: one `stat`
/// where a read transaction takes file locks.
///
/// Every commit, of whichever process, first writes to that file. A file that was written within the last moments is
/// not trusted, because two commits within the resolution of file times could look alike, and nothing is trusted for
/// longer than a second, because a commit counts only after the file has been flushed, which may take a while.
final class ChangeWatch: Sendable {
    private static let nanoseconds: Int64 = 1_000_000_000

    /// What a write changes about a file.
    private struct Stamp: Equatable {
        var inode: UInt64
        var size: Int64
        var modified: Int64
    }

    private struct Known {
        var stamp: Stamp
        var counter: Int64
        /// Monotonic time of the look that gave it.
        var since: Int64
    }

    private let log: String
    private let known = Lock<Known?>(nil)

    /// `database` is the path of the SQLite file.
    init(database: String) { log = database + "-wal" }

    /// The counter: as remembered, or else as `read` finds it. `now` is the monotonic time in nanoseconds.
    func counter(now: Int64 = time(CLOCK_MONOTONIC), _ read: () throws -> Int64) rethrows -> Int64 {
        // The look at the file comes before the reading: what is written in between shows at the next look.
        guard let stamp = stamp() else { return try read() }
        let remembered = known.withLock { known -> Int64? in
            guard let known, known.stamp == stamp, now - known.since < Self.nanoseconds else { return nil }
            return known.counter
        }
        if let remembered { return remembered }
        let isSettled = Self.time(CLOCK_REALTIME) - stamp.modified > Self.nanoseconds
        let counter = try read()
        if isSettled { known.withLock { $0 = Known(stamp: stamp, counter: counter, since: now) } }
        return counter
    }

    private func stamp() -> Stamp? {
        var status = stat()
        guard unsafe stat(log, &status) == 0 else { return nil }
        return Stamp(
            inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modified: Self.nanoseconds(status.st_mtim))
    }

    private static func time(_ clock: clockid_t) -> Int64 {
        var now = timespec()
        unsafe clock_gettime(clock, &now)
        return nanoseconds(now)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* nanoseconds &+ Int64(time.tv_nsec)
    }
}
