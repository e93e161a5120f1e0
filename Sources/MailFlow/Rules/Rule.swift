public import MIME
public import ProtectedMail

/// What to do with mail that meets all conditions of the rule. The first rule that matches a recipient is taken.
public struct Rule: Sendable, Equatable {
    public enum Encrypt: String, Sendable, CaseIterable { case never, opportunistic, required }
    public enum Sign: String, Sendable, CaseIterable {
        case never
        case ifKey = "if-key"
        case required
    }
    /// A protocol to protect mail with.
    public enum Method: String, Sendable, CaseIterable { case openpgp, smime }
    /// What recipients get that the header does not name.
    public enum BlindCopies: String, Sendable, CaseIterable {
        /// A copy of their own, in which nothing of the others shows, as nothing of them does in the others' copy.
        case isolate
        /// The same copy as the others, without their key ID. Only OpenPGP can do that; in S/MIME they are isolated.
        case sharedHidden = "shared-hidden"
        /// Nothing: the message is refused.
        case refuse
    }
    /// What is done to mail that comes in, on its way to a mailbox: only where each recipient has an answer of their own
    /// (LMTP), because each needs another message.
    public enum Inbound: String, Sendable, CaseIterable {
        /// It is looked at and stays as it came.
        case verify
        /// Mail that is encrypted as a whole is delivered opened, where a key of this recipient opens it.
        case decrypt
        /// Mail that is not encrypted is encrypted to this recipient's key, under `missingKey` where there is none.
        case encrypt
    }
    public enum MissingKey: String, Sendable, CaseIterable {
        case refuse
        case `defer`
        case sendClear = "send-clear"
        /// The message waits until the recipient, invited by mail, has chosen a password and with it got a key.
        case guest
    }

    /// For replies and the log.
    public var name: String
    /// Where it is written, as `/etc/guardd/guardd.toml:149`; nil for a rule that is not from a file.
    public var place: String?
    /// Envelope senders; empty for all. Any one has to fit.
    public var sender: [AddressPattern] = []
    /// Envelope recipients; empty for all.
    public var recipient: [AddressPattern] = []
    /// The address of the From field; empty for all.
    public var fromHeader: [AddressPattern] = []
    /// Whether the envelope sender is null; nil does not ask.
    public var nullSender: Bool?
    /// Whether the mail was made by a program (RFC 3834, section 5); nil does not ask.
    public var autoSubmitted: Bool?
    /// Whether the mail came through a mailing list (RFC 2919, RFC 2369); nil does not ask.
    public var list: Bool?
    /// Media types as `text/calendar` or `multipart/*`; empty for all.
    public var contentType: [String] = []
    /// Header fields; all have to be there.
    public var header: [HeaderCondition] = []

    public var encrypt: Encrypt
    public var sign: Sign
    /// What to do when a recipient has no key. Never `sendClear` where encryption is required.
    public var missingKey: MissingKey
    /// Whether mail without a login (trusted network, local) is signed too.
    public var signWithoutLogin: Bool
    /// The protocols that may be used, best first. Never empty.
    public var protocols: [Method] = [.openpgp, .smime]
    /// How OpenPGP mail is written; nil leaves it to the sender, who may have marked the keys of correspondents.
    public var openpgpForm: ProtectionPlan.Form?
    /// How S/MIME signatures without encryption are sent.
    public var smimeSignature: SMIMEPlan.SignatureForm = .detached

    /// What recipients of inbound mail get.
    public var inbound = Inbound.verify

    /// How blind copies are encrypted, where messages can be split.
    public var blindCopies = BlindCopies.isolate
    /// Whether one recipient without a key decides for all: nobody gets an encrypted copy unless everybody does.
    public var allOrNone = false
    /// Who gets a copy of all mail under this rule, encrypted to their key; nil for nobody.
    public var companyCopy: EmailAddress?
    /// Whether the sender gets a copy too, encrypted to their own key.
    public var ownCopy = false

    /// A rule without conditions. Throws `MailFlowError` with code `rule` for a contradiction.
    public init(
        name: String, encrypt: Encrypt = .never, sign: Sign = .never, missingKey: MissingKey? = nil,
        signWithoutLogin: Bool = false
    ) throws {
        if encrypt == .required, missingKey == .sendClear {
            throw MailFlowError(
                .rule,
                "rule '\(name)': missing_key = \"send-clear\" contradicts encrypt = \"required\"; "
                    + "write encrypt = \"opportunistic\", or missing_key = \"refuse\" or \"defer\"")
        }
        self.name = name
        self.encrypt = encrypt
        self.sign = sign
        self.missingKey = missingKey ?? (encrypt == .required ? .refuse : .sendClear)
        self.signWithoutLogin = signWithoutLogin
    }

    private init(leavingAlone name: String) {
        self.name = name
        encrypt = .never
        sign = .never
        missingKey = .sendClear
        signWithoutLogin = false
    }

    /// What holds where no rule matches: mail is left alone.
    public static let fallback = Rule(leavingAlone: "default")

    /// Whether taking this rule can only make mail safer.
    var isStrict: Bool { encrypt == .required || sign == .required || missingKey != .sendClear }

    /// Whether the message meets the conditions, that on the recipient aside.
    func matches(_ facts: MessageFacts) -> AddressPattern.Match {
        var answer = AddressPattern.Match.yes
        if !sender.isEmpty { answer = answer.and(sender.match(facts.sender)) }
        if !fromHeader.isEmpty { answer = answer.and(fromHeader.match(facts.from)) }
        func require(_ isMet: Bool) { if !isMet { answer = .no } }
        if let nullSender { require(nullSender == (facts.sender == .null)) }
        if let autoSubmitted { require(autoSubmitted == facts.isAutoSubmitted) }
        if let list { require(list == facts.isList) }
        if !contentType.isEmpty {
            let type = facts.mediaType
            require(contentType.contains { Wildcard.matches($0.lowercased(), type) })
        }
        for condition in header where answer != .no { require(condition.matches(facts.header)) }
        return answer
    }

    /// Whether the recipient meets the condition on it.
    func matches(recipient subject: AddressPattern.Subject) -> AddressPattern.Match {
        recipient.isEmpty ? .yes : recipient.match(subject)
    }
}
