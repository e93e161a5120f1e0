public import Libcrypto
public import MIME

/// Keeps messages for recipients who have no key yet, and invites them to make one.
public protocol GuestDesk: Sendable {
    /// Returns when the message is durable for every recipient, or for none.
    ///
    /// - Parameter message: header, blank line and body, line ends CR LF.
    func hold(_ message: Spool, for recipients: [EmailAddress], from sender: EmailAddress?) -> GuestDeskResult
}

public enum GuestDeskResult: Sendable, Equatable {
    case held
    /// The answer for the message.
    case refused(SMTPReply)
}
