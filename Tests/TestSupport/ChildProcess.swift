import Foundation

/// A server this process started: stopped by its id, at the latest when the object goes away.
public final class ChildProcess: @unchecked Sendable {
    public let pid: pid_t
    public let log: String
    private let lock = NSLock()
    private var exit: Int32?

    /// - Parameter log: file that standard output and error are appended to.
    public init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], log: String
    ) throws {
        self.log = log
        pid = try Spawn.start(program, arguments, environment: environment, output: log)
        Reaper.shared.watch(pid: pid)
    }

    /// Exit status if it has ended: 128 plus the signal if one ended it.
    public var status: Int32? {
        lock.withLock {
            if exit == nil {
                var status: Int32 = 0
                if waitpid(pid, &status, WNOHANG) == pid {
                    exit = Spawn.decode(status)
                    Reaper.shared.forget(pid: pid)
                }
            }
            return exit
        }
    }

    public var isRunning: Bool { status == nil }

    public func signal(_ number: Int32) { if isRunning { kill(pid, number) } }

    /// Waits for its end; nil if it still runs after that many seconds.
    @discardableResult
    public func wait(seconds: Double = 15) -> Int32? {
        Wait.until(seconds: seconds) { self.status != nil } ? status : nil
    }

    /// SIGTERM, then SIGKILL after a grace period.
    @discardableResult
    public func stop(seconds: Double = 10) -> Int32? {
        signal(SIGTERM)
        if let status = wait(seconds: seconds) { return status }
        return killNow()
    }

    /// SIGKILL, and waits for the end.
    @discardableResult
    public func killNow() -> Int32? {
        signal(SIGKILL)
        return wait()
    }

    /// What it wrote so far.
    public var logText: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    deinit { if isRunning { stop() } }
}
