/// What guardd says of a message.
public struct Verdict: Sendable, Equatable {
    /// The results of RFC 8601, section 2.7, with the meaning that draft-ser-authentication-results-openpgp gives them.
    public enum Status: String, Sendable, CaseIterable {
        /// A valid signature of the one From address over everything the reader will see, by a key that is bound to it.
        case pass
        /// A signature that does not hold: changed content, a key compromised or not allowed to sign.
        case fail
        /// A signature that holds but is not accepted: untrusted key, other signer, part of the message only, expired.
        case policy
        /// Nothing can be said: unknown key, unknown algorithm, encrypted to somebody else.
        case neutral
        /// There is no signature.
        case none
        /// This machine could not finish the inspection; another try may.
        case temperror
        /// The message cannot be inspected, now or later.
        case permerror
    }

    /// The protocol of the protection that was found.
    public enum MailProtocol: String, Sendable, CaseIterable {
        case openpgp
        case smime
        case none
    }

    /// The result for the whole message.
    public var status: Status
    /// The protocol found; that of the outermost layer where both are.
    public var `protocol`: MailProtocol
    /// All signatures found, in the order of the message, those over the whole message first.
    public var signatures: [SignatureVerdict]
    /// Why the status is not `pass`; empty for `pass`, and for plain unsigned mail that nothing is to be said of.
    public var reasons: [Reason]
    /// Whether the whole body is encrypted. Says nothing about the sender.
    public var encrypted: Bool

    /// A verdict.
    public init(
        status: Status, protocol: MailProtocol, signatures: [SignatureVerdict] = [], reasons: [Reason] = [],
        encrypted: Bool = false
    ) {
        self.status = status
        self.protocol = `protocol`
        self.signatures = signatures
        self.reasons = reasons
        self.encrypted = encrypted
    }

    /// The verdict on mail without any protection.
    public static let none = Verdict(status: .none, protocol: .none)
}

/// See `Verdict.MailProtocol`.
public typealias MailProtocol = Verdict.MailProtocol
