import Foundation

/// A private PostgreSQL server on a unix socket in a temporary directory; it trusts everybody who reaches the socket. One for
/// the process, with a schema for each store.
///
/// The server refuses to run as root: then it runs as the user `postgres`.
public final class PostgresServer: Sendable {
    private static let started = Result { try PostgresServer() }

    /// The server of this process, started when it is first asked for.
    public static func shared() throws -> PostgresServer { try started.get() }

    private let directory: TemporaryDirectory
    private let prefix: [String]
    private let process: Box
    private let programs: String
    private let settings: [String]

    /// A process that can be replaced.
    private final class Box: @unchecked Sendable {
        private let lock = NSLock()
        private var process: ChildProcess?
        func set(_ process: ChildProcess?) { lock.withLock { self.process = process } }
        func get() -> ChildProcess? { lock.withLock { process } }
    }

    /// - Parameter settings: of the server, `name=value`, beside those that make it fast.
    public init(settings: [String] = []) throws {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        guard let newest = folders.compactMap({ Int($0) }).max() else {
            throw TestFailure("PostgreSQL is not installed: apt-get install postgresql")
        }
        programs = "/usr/lib/postgresql/\(newest)/bin/"
        directory = try TemporaryDirectory("pg", mode: 0o755)
        self.settings = settings
        process = Box()
        if geteuid() == 0 {
            guard let user = getpwnam("postgres") else { throw TestFailure("there is no user postgres") }
            guard chown(directory.path, user.pointee.pw_uid, user.pointee.pw_gid) == 0 else {
                throw TestFailure("chown: \(String(cString: strerror(errno)))")
            }
            prefix = ["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]
        } else {
            prefix = []
        }
        let make = [
            programs + "initdb", "-D", directory.file("data"), "-U", "guardd", "-A", "trust", "-E", "UTF8",
            "--locale=C", "--no-sync", "--no-instructions",
        ]
        let command = prefix.isEmpty ? make : ["setpriv"] + prefix + make
        try Shell.check(command[0], Array(command.dropFirst()))
        try start()
    }

    public func start() throws {
        var command = [
            programs + "postgres", "-D", directory.file("data"), "-k", directory.path, "-c", "listen_addresses=",
        ]
        let fast = [
            "fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=200", "autovacuum=off",
            "log_min_messages=fatal",
        ]
        for setting in fast + settings { command += ["-c", setting] }
        if !prefix.isEmpty { command = ["setpriv"] + prefix + command }
        let log = FileManager.default.temporaryDirectory.path + "/\(directory.url.lastPathComponent).log"
        let child = try ChildProcess(command[0], Array(command.dropFirst()), log: log)
        process.set(child)
        let isUp = Wait.until(seconds: 60) {
            guard child.isRunning else { return false }
            return (try? Shell.run(programs + "pg_isready", ["-q", "-h", directory.path]))?.status == 0
        }
        guard isUp else { throw TestFailure("PostgreSQL does not start: \(child.logText)") }
        try? FileManager.default.removeItem(atPath: log)
    }

    /// Ends the server as a crash would (SIGQUIT), or at once but in order (SIGINT).
    public func stop(crash: Bool = false) {
        guard let child = process.get() else { return }
        child.signal(crash ? SIGQUIT : SIGINT)
        child.wait()
        process.set(nil)
    }

    /// SIGSTOP or SIGCONT for the server and everything that works for its clients.
    public func freeze(_ isFrozen: Bool) throws {
        guard let child = process.get() else { return }
        let children = try String(contentsOfFile: "/proc/\(child.pid)/task/\(child.pid)/children", encoding: .utf8)
        for pid in [child.pid] + children.split(separator: " ").compactMap({ pid_t($0) }) {
            kill(pid, isFrozen ? SIGSTOP : SIGCONT)
        }
    }

    /// Makes a schema, as empty as a new database.
    /// - Returns: the URL of a store in it.
    public func makeSchema(_ name: String) throws -> String {
        try run("CREATE SCHEMA \(name)")
        return url(schema: name)
    }

    public func url(schema: String) -> String {
        "postgresql://guardd@/postgres?host=\(directory.path)&options=-csearch_path%3D\(schema)"
    }

    public func dropSchema(_ name: String) throws { try run("DROP SCHEMA IF EXISTS \(name) CASCADE") }

    /// Runs statements as the superuser.
    @discardableResult
    public func run(_ sql: String) throws -> String {
        let output = try Shell.check(
            programs + "psql",
            [
                "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", directory.path, "-U", "guardd", "-d", "postgres",
                "-c", sql,
            ])
        return String(decoding: output, as: UTF8.self)
    }

    deinit { stop() }
}
