import CMilter
import Glibc
import MailFlow

/// The milter side of guardd: libmilter's callbacks translated to a `MailSession` and its answers back. There is one per
/// process, because libmilter keeps its state in globals and cannot run twice.
///
/// Threads: libmilter has a pool of workers that grows with the number of callbacks running at once; a callback may block.
/// Block SIGTERM, SIGHUP and SIGINT in every thread before starting: the library waits for them in a thread of its own and
/// ends within seconds of any of them, whatever runs. That is safe (Postfix defers what had no final answer) but not
/// kind; the kind way is `drain`.
public final class MilterServer: @unchecked Sendable {
    public enum LogLevel: Sendable { case info, notice, warning, error }

    public struct Options: Sendable {
        public var address: ListenAddress
        /// Permission bits of a unix socket.
        public var mode: mode_t = 0o660
        /// Group that owns a unix socket; nil leaves that of the process.
        public var group: String?
        /// User that owns a unix socket, when opened by root on behalf of an unprivileged user.
        public var owner: uid_t?
        /// Messages in flight at most; further ones are deferred.
        public var maxMessages = 500
        /// Seconds between signs of life during a long end of message.
        public var progressInterval = 5
        /// Length of the queue of connections not yet accepted: Postfix defers all mail of a session that finds it full.
        public var backlog: Int32 = 1024
        public init(address: ListenAddress) { self.address = address }
    }

    /// Largest packet accepted from the MTA, in bytes: Postfix sends a header field of up to `header_size_limit` as one.
    static let maximumPacket = (1 << 20) - 1

    let sessions: any SessionSource
    let gate: MessageGate
    let ticker: ProgressTicker
    private let options: Options
    private let logger: @Sendable (LogLevel, String) -> Void

    public init(
        options: Options, sessions: any SessionSource, log: @escaping @Sendable (LogLevel, String) -> Void
    ) {
        self.options = options
        self.sessions = sessions
        logger = log
        gate = MessageGate(limit: options.maxMessages)
        let address = options.address
        ticker = ProgressTicker(interval: options.progressInterval) {
            if case .unix(let path) = address { _ = UnixSocket(path: path).isAnswered() }
        }
    }

    func log(_ level: LogLevel, _ text: String) { logger(level, text) }

    /// Whether the MTA connects by a unix socket.
    var isLocal: Bool { if case .unix = options.address { true } else { false } }

    /// Messages between MAIL and their end.
    public var messagesInFlight: Int { gate.count }

    /// Creates the socket. From here on Postfix can connect; it waits in the backlog until `run`.
    public func open() throws {
        install(self)
        // Never freed: libmilter keeps the pointer.
        guard smfi_register(milterDescription(name: strdup("guardd"))) == MI_SUCCESS else {
            throw MilterError(.library, "libmilter refused the filter description; is it 8.14 or newer?")
        }
        smfi_setmaxdatasize(Self.maximumPacket)
        smfi_setbacklog(options.backlog)
        var notation = Array(options.address.libmilterNotation.utf8CString)
        guard smfi_setconn(&notation) == MI_SUCCESS else {
            throw MilterError(.badSocket, "libmilter cannot use the socket \(options.address.libmilterNotation)")
        }
        switch options.address {
        case .unix(let path):
            try UnixSocket(path: path).open(mode: options.mode, group: options.group, owner: options.owner)
        case .inet:
            guard smfi_opensocket(0) == MI_SUCCESS else {
                throw MilterError(
                    .cannotListen,
                    "cannot listen on \(options.address.libmilterNotation): is the port in use, or the host not one of ours?"
                )
            }
        }
    }

    /// Serves until stopped; blocks. Call after `open`, on the thread that may block SIGTERM.
    public func run() throws {
        ticker.start()
        defer { ticker.stop() }
        guard smfi_main() == MI_SUCCESS else {
            throw MilterError(.library, "libmilter ended with an error, see the log above")
        }
    }

    /// New messages are deferred, running ones may finish for up to `seconds`; says how many did not.
    public func drain(seconds: Int) -> Int {
        gate.close()
        return gate.waitUntilEmpty(seconds: seconds)
    }

    /// Ends `run` within a few seconds, whatever runs.
    public func stop() { smfi_stop() }
}
