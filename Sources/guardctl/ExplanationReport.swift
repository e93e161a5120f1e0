import MailFlow

/// An explanation as it is printed. The names of the fields are stable.
struct ExplanationReport: Encodable {
    struct Key: Encodable {
        let method: String
        let name: String
        let source: String
        let taken: Bool
        let why: String
    }

    struct Recipient: Encodable {
        let address: String
        let decision: String
        let copy: Int
        let mailbox: String?
        let blind: Bool
        let rule: String
        let place: String?
        let keys: [Key]
    }

    let direction: String
    let rung: String
    let copies: Int
    let refusal: String?
    let reasons: [String]
    let recipients: [Recipient]

    init(_ explanation: Explanation) {
        direction = explanation.direction.rawValue
        rung = explanation.rung.rawValue
        copies = explanation.copies
        refusal = explanation.refusal.map { "\($0.code) \($0.enhanced) \($0.text)" }
        reasons = explanation.reasons
        recipients = explanation.recipients.map { recipient in
            Recipient(
                address: recipient.address, decision: recipient.decision, copy: recipient.copy,
                mailbox: recipient.inbound?.rawValue,
                blind: !recipient.isNamed, rule: recipient.rule, place: recipient.place,
                keys: recipient.candidates.map {
                    Key(
                        method: $0.method.rawValue, name: $0.name, source: $0.source, taken: $0.isTaken, why: $0.why)
                })
        }
    }

    var text: String {
        var lines = ["direction: \(direction) (\(rung))", "copies: \(copies)"]
        if let refusal { lines.append("refused: \(refusal)") }
        lines += reasons.map { "because: \($0)" }
        for recipient in recipients {
            lines.append("")
            lines.append("\(recipient.address)\(recipient.blind ? " (blind copy)" : "")")
            lines.append("  decision: \(recipient.decision), copy \(recipient.copy)")
            if let mailbox = recipient.mailbox { lines.append("  before LMTP: \(mailbox)") }
            lines.append("  rule: \(recipient.rule)\(recipient.place.map { " (\($0))" } ?? "")")
            for key in recipient.keys {
                lines.append(
                    "  \(key.taken ? "taken" : "not taken"): \(key.method) \(key.name) from \(key.source): \(key.why)")
            }
            if recipient.keys.isEmpty, recipient.decision != "none" { lines.append("  no key is known") }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
