/// The one line the log gets for a message. Holds no subject, no content and no secret.
public struct MessageRecord: Sendable, Equatable {
    /// What was done.
    public enum Result: String, Sendable {
        /// Nothing to do.
        case passed
        /// Sent on without the protection that was asked for opportunistically.
        case clear
        /// Encrypted, signed or both.
        case protected
        /// Split: every copy was handed to the mail server, the original dropped.
        case split
        /// Kept until its recipients, who were invited, have keys; the original was dropped.
        case held
        /// Inspected; ``verdict`` says what came out.
        case inspected
        /// Inspected and delivered decrypted; ``verdict`` says what came out.
        case opened
        /// Left alone: its sender had encrypted it.
        case alreadyProtected = "already-protected"
        /// Left alone: guardd itself had protected it.
        case marked
        /// Refused for good.
        case rejected
        /// Refused for now.
        case deferred
        /// The client gave up.
        case aborted
    }

    public var queueID = "-"
    public var direction = Direction.inbound
    /// The rung of the ladder that gave the direction.
    public var rung = Rung.otherwise
    /// `none`, `encrypt`, `sign`, `encrypt+sign`, `inspect`, `decrypt`, `guest`.
    public var plan = "none"
    /// The names of the rules that applied, in the order of the recipients.
    public var rules: [String] = []
    public var recipients = 0
    /// How many copies were made; 1 where the message stayed one.
    public var copies = 1
    /// Key IDs encrypted to and signed with, as hex.
    public var keyIDs: [String] = []
    public var result = Result.passed
    /// The inspection's status; nil where nothing was inspected.
    public var verdict: String?
    /// The SMTP reply of a refusal: `550 5.7.1`.
    public var reply: String?
    /// Why it went as it went: short codes and sentences.
    public var reasons: [String] = []
    /// Octets of the body that were seen.
    public var bytes = 0
    /// From MAIL to the end.
    public var milliseconds = 0

    public init() {}

    /// `key=value` pairs on one line of printable ASCII.
    public var line: String {
        var fields = [
            "id=\(queueID)", "direction=\(direction.rawValue)", "rung=\(rung.rawValue)", "plan=\(plan)",
            "rcpt=\(recipients)", "result=\(result.rawValue)",
        ]
        if copies > 1 { fields.append("copies=\(copies)") }
        if let verdict { fields.append("verdict=\(verdict)") }
        if let reply { fields.append("reply=\"\(reply)\"") }
        if !rules.isEmpty { fields.append("rules=\"\(rules.joined(separator: ","))\"") }
        if !keyIDs.isEmpty { fields.append("keys=\(keyIDs.joined(separator: ","))") }
        if !reasons.isEmpty { fields.append("reason=\"\(reasons.joined(separator: "; "))\"") }
        fields += ["bytes=\(bytes)", "ms=\(milliseconds)"]
        return SMTPReply.clean(fields.joined(separator: " "), limit: 2000)
    }
}
