public import OpenPGP

/// What is to be done to one outgoing message.
public struct ProtectionPlan: Sendable {
    /// Who can decrypt the result; unused when `encrypt` is false.
    public var recipients: [EncryptionRecipient]
    /// The key that signs; unused when `sign` is false.
    public var signer: SigningKey?
    /// Whether to encrypt. With `sign` too, the signature is inside the OpenPGP message (RFC 3156, section 6.2).
    public var encrypt: Bool
    /// Whether to sign.
    public var sign: Bool

    /// A plan.
    public init(recipients: [EncryptionRecipient] = [], signer: SigningKey? = nil, encrypt: Bool, sign: Bool) {
        self.recipients = recipients
        self.signer = signer
        self.encrypt = encrypt
        self.sign = sign
    }
}
