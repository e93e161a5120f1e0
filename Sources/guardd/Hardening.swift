import CMilter
import Glibc

/// What the process takes from itself before it touches anything secret.
enum Hardening {
    /// Signals guardd waits for in a thread of its own.
    static let ownSignals = [SIGUSR1, SIGUSR2]
    /// Signals libmilter waits for in a thread of its own. Blocked everywhere else, or they would end the process
    /// through whichever thread is hit first.
    static let librarySignals = [SIGTERM, SIGHUP, SIGINT]

    /// Call first, before any thread exists.
    static func apply() {
        umask(0o077)
        forbidDumps()
        signal(SIGPIPE, SIG_IGN)
        var set = sigset_t()
        sigemptyset(&set)
        for number in ownSignals + librarySignals { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// No core file, and no other process of the same user may attach; repeat after changing the user.
    static func forbidDumps() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        _ = guard_set_undumpable()
    }
}
