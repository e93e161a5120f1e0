import Libcrypto
import NIOCore
import NIOPosix

/// A connection that is being made, so that several can be made at once. Closed if nobody waits for it.
final class SMTPOpening {
    private let settings: ClientSettings
    private let deadline: Deadline
    private let limit: Double
    private let greeting = Handover<ServerReply>()
    private let connecting: Handover<Link>
    private var isTaken = false

    init(
        _ settings: ClientSettings, deadline: Deadline,
        on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.settings = settings
        self.deadline = deadline
        limit = min(settings.timeouts.connect, deadline.remaining)
        connecting = Link.connect(settings.endpoint, timeout: limit, greeting: greeting, on: group)
    }

    deinit {
        guard !isTaken, let result = connecting.wait(seconds: 0), let link = try? result.get() else { return }
        link.close()
    }

    /// The connection, greeted. Once only.
    /// - Throws: ``MailProxyError``.
    func wait() throws -> SMTPConnection {
        isTaken = true
        guard let result = connecting.wait(seconds: min(limit, deadline.remaining) + 0.5) else {
            throw MailProxyError(.timedOut, at: .connect, "\(settings.endpoint) did not answer")
        }
        return try SMTPConnection(settings, deadline: deadline, link: try result.get(), greeting: greeting)
    }
}
