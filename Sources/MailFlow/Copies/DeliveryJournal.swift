/// Remembers which recipients of a message that is being split have their copy already, so that an attempt after a failure
/// does not send it again.
///
/// Entries count only until the end of the message was answered: then the set closes, and the same mail sent once more is
/// delivered once more.
public protocol DeliveryJournal: Sendable {
    /// Begins an attempt. What it writes is durable when this returns.
    func open(_ recipients: [DeliveryRecipient]) throws -> DeliveryAttempt
    /// The next hop has taken the copy of these recipients.
    func accept(_ recipients: [DeliveryRecipient]) throws
    /// The copy of these recipients was not taken; `isSure` is false where it may have been, without an answer.
    func giveBack(_ recipients: [DeliveryRecipient], isSure: Bool) throws
    /// Everybody has their copy.
    func close(_ recipients: [DeliveryRecipient]) throws
    /// Whether nothing at all is written.
    func isEmpty() throws -> Bool
    /// Whether there is an entry for one of them.
    func knows(_ recipients: [DeliveryRecipient]) throws -> Bool
}

/// One recipient of one message, from one sender.
public struct DeliveryRecipient: Sendable, Hashable {
    public let sender: [UInt8]
    public let recipient: String
    public let message: MessageIdentity

    public init(sender: [UInt8], recipient: String, message: MessageIdentity) {
        self.sender = sender
        self.recipient = recipient
        self.message = message
    }
}

public enum DeliveryAttempt: Sendable, Equatable {
    /// Another attempt at the same message is under way.
    case busy
    /// Who has a copy from an earlier attempt, and of whom nobody knows.
    case ready(done: Set<DeliveryRecipient>, unsure: Set<DeliveryRecipient>)
}
