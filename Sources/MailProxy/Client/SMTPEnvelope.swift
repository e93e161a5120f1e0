/// Who a message is from and for, and what is to be known about it before its content.
public struct SMTPEnvelope: Sendable, Equatable {
    /// Whom to write to, and what they want to hear of it (RFC 3461).
    public struct Recipient: Sendable, Equatable {
        public var path: SMTPPath
        /// The value of NOTIFY as it came.
        public var notify: String?
        /// The value of ORCPT as it came, in xtext.
        public var originalRecipient: String?

        public init(_ path: SMTPPath, notify: String? = nil, originalRecipient: String? = nil) {
            self.path = path
            self.notify = notify
            self.originalRecipient = originalRecipient
        }
    }

    public var sender: SMTPPath
    public var recipients: [Recipient]
    /// Octets of the content as sent; nil announces none.
    public var size: Int?
    /// Whether the content has octets above 127.
    public var hasEightBit = false
    /// Whether the header has UTF-8 (RFC 6532). Addresses that need SMTPUTF8 are seen without it.
    public var hasUTF8Header = false
    /// The values of RET and ENVID as they came (RFC 3461).
    public var dsnReturn: String?
    public var envelopeID: String?

    public init(sender: SMTPPath, recipients: [Recipient], size: Int? = nil) {
        self.sender = sender
        self.recipients = recipients
        self.size = size
    }

    var needsUTF8: Bool { hasUTF8Header || sender.needsUTF8 || recipients.contains { $0.path.needsUTF8 } }
}
