import Foundation

/// The body-replacing or recording filter that guardd is compared with, as a running process.
public final class NoopMilter: @unchecked Sendable {
    public let socket: String
    public let process: ChildProcess
    public let directory: TemporaryDirectory

    /// What it does with a message: see the program's own help.
    public enum Mode: String, Sendable { case accept, collect, replace, record }

    public init(_ mode: Mode, socket: String) throws {
        self.socket = socket
        directory = try TemporaryDirectory("noop")
        process = try ChildProcess(
            Executable.path("noop-milter"), ["unix:\(socket)", mode.rawValue, directory.path],
            log: directory.file("log"))
        try Wait.untilListening(.unix(socket))
    }

    /// A message as the filter received it, by queue id: fields with their exact bytes, empty line, body.
    public func recorded(_ queueID: String) throws -> MailParts { MailParts(try directory.read(queueID + ".eml")) }

    public func stop() { process.stop() }
}
