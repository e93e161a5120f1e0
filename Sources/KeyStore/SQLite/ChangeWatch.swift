import Glibc
import Libcrypto

/// Remembers the store's change counter while the log file beside the database shows that nobody wrote: one `stat`
/// where a read transaction takes file locks.
///
/// Every commit, of whichever process, first writes to that file. A file that was written within the last moments is
/// not trusted, because two commits within the resolution of file times could look alike. A commit counts only after
/// the file has been flushed, which may take a while: so what is read is trusted for as long as the file had been quiet
/// before, and for a second at most. Commits of this process are told (``forget()``) and count at once.
final class ChangeWatch: Sendable {
    private static let nanoseconds: Int64 = 1_000_000_000
    /// Twice the coarsest tick of Linux (HZ=100), by which file times go.
    private static let tick: Int64 = 20_000_000

    /// What a write changes about a file.
    private struct Stamp: Equatable {
        var inode: UInt64
        var size: Int64
        var modified: Int64
    }

    private struct Known {
        var stamp: Stamp
        var counter: Int64
        /// Monotonic time after which it is not trusted.
        var until: Int64
    }

    private struct State {
        var known: Known?
        /// Commits of this process.
        var commits = 0
    }

    private let log: String
    private let state = Lock(State())

    /// `database` is the path of the SQLite file.
    init(database: String) { log = database + "-wal" }

    /// Called after each commit of this process.
    func forget() {
        state.withLock { state in
            state.known = nil
            state.commits &+= 1
        }
    }

    /// The counter: as remembered, or else as `read` finds it. `now` is the monotonic time in nanoseconds.
    func counter(now: Int64 = time(CLOCK_MONOTONIC), _ read: () throws -> Int64) rethrows -> Int64 {
        // The look at the file comes before the reading: what is written in between shows at the next look.
        guard let stamp = stamp() else { return try read() }
        let (remembered, commits) = state.withLock { state -> (Int64?, Int) in
            guard let known = state.known, known.stamp == stamp, now <= known.until else { return (nil, state.commits) }
            return (known.counter, state.commits)
        }
        if let remembered { return remembered }
        let quiet = min(Self.time(CLOCK_REALTIME) - stamp.modified, Self.nanoseconds)
        let counter = try read()
        // Some file systems know whole seconds only.
        let shortest = stamp.modified % Self.nanoseconds == 0 ? Self.nanoseconds : Self.tick
        if quiet >= shortest {
            state.withLock { state in
                guard state.commits == commits else { return }
                state.known = Known(stamp: stamp, counter: counter, until: now + quiet)
            }
        }
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
