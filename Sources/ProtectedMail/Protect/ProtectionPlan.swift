public import OpenPGP

/// What is to be done to one outgoing message.
public struct ProtectionPlan: Sendable {
    /// How protected mail is written.
    public enum Form: String, Sendable, CaseIterable {
        /// PGP/MIME (RFC 3156): everything a message can hold.
        case mime
        /// A single plain text as inline OpenPGP, for readers who know nothing else; anything but such a text is written as
        /// PGP/MIME.
        case inline
    }

    /// Who can decrypt the result; unused when `encrypt` is false.
    public var recipients: [EncryptionRecipient]
    /// The key that signs; unused when `sign` is false.
    public var signer: SigningKey?
    /// Whether to encrypt. With `sign` too, the signature is inside the OpenPGP message (RFC 3156, section 6.2).
    public var encrypt: Bool
    /// Whether to sign.
    public var sign: Bool
    public var form: Form

    /// A plan.
    public init(
        recipients: [EncryptionRecipient] = [], signer: SigningKey? = nil, encrypt: Bool, sign: Bool, form: Form = .mime
    ) {
        self.recipients = recipients
        self.signer = signer
        self.encrypt = encrypt
        self.sign = sign
        self.form = form
    }
}
