import Glibc
import Libcrypto
import TestSupport

@testable import MilterServer

/// The one server of this process (libmilter cannot run twice) on a socket in a directory of its own.
struct RunningServer: Sendable {
    static let shared = Result { try RunningServer() }

    let path: String
    let source: StubSource
    let server: MilterServer
    let log: Lock<[String]>
    var recorder: Recorder { source.recorder }

    private init() throws {
        var template = Array("/tmp/guardd-milter.XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw MilterError(.cannotListen, "mkdtemp") }
        path = String(cString: made) + "/milter.sock"
        // A stale file of a process that is gone must not be in the way.
        let stale = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { [path] in $0.copyBytes(from: Array(path.utf8)) }
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(stale, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        close(stale)

        source = StubSource()
        let log = Lock<[String]>([])
        self.log = log
        var options = MilterServer.Options(address: .unix(path: path))
        options.mode = 0o640
        options.progressInterval = 1
        options.maxMessages = 400
        server = MilterServer(options: options, sessions: source) { level, text in
            log.withLock { $0.append("\(level): \(text)") }
        }
        try server.open()
        let server = server
        startThread { try? server.run() }
        let directory = String(path.dropLast("/milter.sock".count))
        cleanUp(directory)
    }

    func client() throws -> MilterClient { try MilterClient(path: path) }

    /// A client that has negotiated everything and said who it is.
    func greeted(_ host: String) throws -> MilterClient {
        let client = try client()
        try client.negotiate()
        try client.macros(for: "C", [("{daemon_name}", "smtpd")])
        try client.connect(host: host)
        return client
    }
}

nonisolated(unsafe) private var directories: [String] = []

private func cleanUp(_ directory: String) {
    directories.append(directory)
    atexit {
        for directory in directories {
            unlink(directory + "/milter.sock")
            rmdir(directory)
        }
    }
}
