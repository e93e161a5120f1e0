/// What would happen to a message, and why: for administrators who ask.
public struct Explanation: Sendable, Equatable {
    /// A key that was looked at for a recipient.
    public struct Candidate: Sendable, Equatable {
        public var method: Rule.Method
        /// Fingerprint, or the serial number of a certificate.
        public var name: String
        /// How far the store believes it.
        public var source: String
        public var isTaken: Bool
        /// Why it was taken or not.
        public var why: String
    }

    public struct Recipient: Sendable, Equatable {
        public var address: String
        /// The rule's name, and where it is written.
        public var rule: String
        public var place: String?
        /// Whether the header names the recipient; who is not named gets a blind copy.
        public var isNamed: Bool
        public var candidates: [Candidate]
        /// `encrypt+sign`, `encrypt`, `sign`, `none`, or the reply of a refusal.
        public var decision: String
        /// The number of the copy, from 1.
        public var copy: Int
        /// What is done on the way to a mailbox, before LMTP, to mail that comes in; nil where that is nothing.
        public var inbound: Rule.Inbound?
    }

    public var direction: Direction
    public var rung: Rung
    public var recipients: [Recipient]
    /// How many copies would leave.
    public var copies: Int
    public var reasons: [String]
    /// The answer that the sender would get; nil where the message would be taken.
    public var refusal: SMTPReply?
}
