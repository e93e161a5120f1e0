/// Takes the copies of a message to the mail server again, as mail of its own.
public protocol Redelivery: Sendable {
    /// Returns when the outcome is durable: every recipient of every copy accepted, or a refusal. May take as long as the
    /// budget for the end of a message.
    ///
    /// - Parameter message: says of two attempts whether they are about the same message.
    func deliver(_ copies: [Released], of message: MessageIdentity) -> RedeliveryResult

    /// Whether there is any message of which some recipients may have a copy and others not: then one that is not to be
    /// split may be it, after a key or a rule has changed. Errors are those of the journal.
    func hasUnfinished() throws -> Bool
    /// Whether some of these recipients may have a copy of this message from an attempt that failed.
    ///
    /// - Parameter recipients: as ``ReleasedRecipient/text``.
    func hasUnfinished(_ message: MessageIdentity, from sender: [UInt8], to recipients: [String]) throws -> Bool
}

public enum RedeliveryResult: Sendable, Equatable {
    /// Every recipient's copy is in the mail server's queue.
    case delivered
    /// The answer for the original. A 5xx only if nothing was accepted.
    case refused(SMTPReply)
}

/// What makes two attempts the same message: the body, and the fields that its author wrote. What a mail server adds with
/// each attempt (Received, results of other filters) is left out.
public struct MessageIdentity: Sendable, Hashable {
    /// SHA-256.
    public let digest: [UInt8]

    public init(digest: [UInt8]) { self.digest = digest }
}
