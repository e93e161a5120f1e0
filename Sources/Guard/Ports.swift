public import Libcrypto
public import MIME

/// What use cases need from rooms that they must not know. The daemon fills these in. Every call may block; none is made
/// within a transaction of the store.

/// Takes mail of guardd's own: resets, invitations, notices.
public protocol MailSender: Sendable {
    /// Returns when the next hop has taken the message over for every recipient.
    ///
    /// - Parameters:
    ///   - recipients: the envelope.
    ///   - message: a whole message with header, lines ended by CR LF.
    /// - Throws: `GuardError` with code `mailNotSent`.
    func send(to recipients: [EmailAddress], message: [UInt8]) throws
}

/// Knows the passwords of mailboxes: an authentication server.
public protocol PasswordVerifier: Sendable {
    /// Whether the password is the mailbox's.
    /// - Throws: `GuardError` with code `unavailable` when nobody answers.
    func verify(mailbox: EmailAddress, password: SecretBytes) throws -> Bool
}

/// Knows the sessions that somebody else's login has issued.
public protocol SessionResolver: Sendable {
    /// Whose session it is; nil for one that is unknown or over.
    /// - Throws: `GuardError` with code `unavailable` when nobody answers.
    func resolve(session: String) throws -> ResolvedSession?
}

/// The owner of a session that was issued elsewhere.
public struct ResolvedSession: Sendable, Equatable {
    public var mailbox: EmailAddress
    public var isGuest: Bool

    public init(mailbox: EmailAddress, isGuest: Bool) {
        self.mailbox = mailbox
        self.isGuest = isGuest
    }
}
