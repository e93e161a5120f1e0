public import CMS
public import MIME
public import OpenPGP

/// What cryptography means in a message: the code of the mail flow, so that one message gets one verdict whichever door it
/// comes through.
public protocol MessageCrypto: Sendable {
    /// Judges a message as the mail server's filter would.
    ///
    /// - Parameter reader: for whom alone: what they verified counts.
    /// - Throws: `GuardError` with code `notMIME`, `mailTooLarge`, `busy` or `unavailable`.
    func judge(_ message: [UInt8], for reader: EmailAddress) throws -> JudgedMessage

    /// Protects a message as ordered.
    ///
    /// - Throws: `GuardError` with code `notMIME`, `mailTooLarge`, `recipientWithoutKey` (the addresses are its
    ///   parameters), `privateKeyMissing`, `cryptoFailed`, `busy` or `unavailable`.
    func protect(_ message: [UInt8], _ order: MessageOrder) throws -> [UInt8]
}

/// A message with its verdict.
public struct JudgedMessage: Sendable, Equatable {
    /// Whether the verdict is `pass`.
    public var passes: Bool
    /// The message without forged results, with ours.
    public var message: [UInt8]

    public init(passes: Bool, message: [UInt8]) {
        self.passes = passes
        self.message = message
    }
}

/// What is to be done with one message.
public struct MessageOrder: Sendable {
    /// Whose message it is; also the only address that is signed for.
    public var sender: EmailAddress
    /// Everybody who shall read it.
    public var recipients: [EmailAddress]
    public var encrypt: Bool
    public var sign: Bool
    /// The kinds that may be used, best first.
    public var types: [CryptoType]
    /// Whether a plain text is wanted as inline OpenPGP; nil as the user marked the keys.
    public var isInline: Bool?
    /// Whether the message has arrived and is encrypted for its mailbox.
    public var isAtRest: Bool
    /// The sender's own keys, open; the daemon's own are used only for want of these.
    public var openPGPKey: SecretCertificate?
    public var smimeKey: OpenSMIMEKey?

    public init(
        sender: EmailAddress, recipients: [EmailAddress], encrypt: Bool, sign: Bool, types: [CryptoType],
        isAtRest: Bool = false, openPGPKey: SecretCertificate? = nil, smimeKey: OpenSMIMEKey? = nil
    ) {
        self.sender = sender
        self.recipients = recipients
        self.encrypt = encrypt
        self.sign = sign
        self.types = types
        self.isAtRest = isAtRest
        self.openPGPKey = openPGPKey
        self.smimeKey = smimeKey
    }
}

/// A user's own S/MIME key, unlocked, with its certificate and those that lead to its authority.
public struct OpenSMIMEKey: Sendable {
    public var key: CMSPrivateKey
    public var certificate: X509Certificate
    public var chain: [X509Certificate]

    public init(key: CMSPrivateKey, certificate: X509Certificate, chain: [X509Certificate]) {
        self.key = key
        self.certificate = certificate
        self.chain = chain
    }
}
