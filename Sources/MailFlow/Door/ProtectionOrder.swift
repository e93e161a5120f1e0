public import MIME
public import OpenPGP

/// What somebody asks to be done with one message, in place of rules.
public struct ProtectionOrder: Sendable {
    /// Who asks: counts as the login of the message, and may sign as what the login may.
    public var sender: EmailAddress
    /// Everybody who shall read it, those that the header does not name included.
    public var recipients: [EmailAddress]
    public var encrypt: Bool
    public var sign: Bool
    /// The protocols that may be used, best first. Never empty.
    public var protocols: [Rule.Method]
    /// Whether a plain text is wanted as inline OpenPGP; nil as the sender marked the keys.
    public var isInline: Bool?
    /// Whether this is for mail that waits in a mailbox: fields with our verdict stay.
    public var isAtRest: Bool
    /// The sender's own keys, unlocked for this message; without them those of the key directory are asked for.
    public var signingKey: SigningKey?
    public var smimeSigner: SMIMESigner?

    public init(
        sender: EmailAddress, recipients: [EmailAddress], encrypt: Bool, sign: Bool,
        protocols: [Rule.Method] = Rule.Method.allCases, isAtRest: Bool = false, signingKey: SigningKey? = nil,
        smimeSigner: SMIMESigner? = nil
    ) {
        self.sender = sender
        self.recipients = recipients
        self.encrypt = encrypt
        self.sign = sign
        self.protocols = protocols
        self.isAtRest = isAtRest
        self.signingKey = signingKey
        self.smimeSigner = smimeSigner
    }

    /// A missing key stops the message whatever the provenance of the others: who asks for encryption by name has chosen
    /// the recipients' keys, and gets an answer that names who has none.
    func rule() throws -> Rule {
        var rule = try Rule(
            name: "order", encrypt: encrypt ? .opportunistic : .never, sign: sign ? .required : .never,
            missingKey: .refuse)
        rule.protocols = protocols
        rule.openpgpForm = isInline.map { $0 ? .inline : .mime }
        return rule
    }
}

/// Why a message did not come through ``MessageDoor``.
public enum MessageDoorError: Error, Equatable, Sendable {
    /// The octets are no mail message.
    case notAMessage
    /// Nobody can encrypt to these recipients, or not to them and the others in one message.
    case missingKeys([String])
    /// The signature that was asked for cannot be made; why.
    case noSignature(String)
    /// Larger than what is taken.
    case tooLarge
    /// Too much mail is in work.
    case busy
    /// Keys could not be asked for, or memory or disk gave out; why, for the log.
    case failed(String)
}
