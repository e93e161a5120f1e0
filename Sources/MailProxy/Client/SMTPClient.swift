import Libcrypto
public import NIOCore
public import NIOPosix

/// Hands single messages to a next hop, each over a connection of its own.
public struct SMTPClient: Sendable {
    public let settings: ClientSettings
    /// Seconds for one delivery, all steps together.
    public let budget: Double
    private let group: any EventLoopGroup

    public init(
        _ settings: ClientSettings, budget: Double = 60,
        on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.settings = settings
        self.budget = budget
        self.group = group
    }

    /// Delivers to all recipients or to none: the content is sent only when every recipient was accepted. Blocks.
    /// - Throws: ``MailProxyError``.
    public func deliver(_ message: [UInt8], _ envelope: SMTPEnvelope) throws {
        var envelope = envelope
        envelope.size = message.count
        envelope.hasEightBit = message.contains { $0 >= 0x80 }
        let connection = try SMTPConnection.open(settings, deadline: Deadline(seconds: budget), on: group)
        for answer in try connection.begin(envelope) where !answer.isPositive {
            connection.quit()
            throw MailProxyError.refused(answer, at: .recipient)
        }
        for answer in try connection.send({ write in try write(message) }) where !answer.isPositive {
            connection.quit()
            throw MailProxyError.refused(answer, at: .end)
        }
        connection.quit()
    }
}
