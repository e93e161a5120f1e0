public import MIME
public import OpenPGP
import ProtectedMail

/// Plans a message as a session would, and keeps the reasons.
public struct Explainer {
    /// What a mail server would say of a message beside its header.
    public struct Circumstances: Sendable {
        /// With or without angle brackets.
        public var sender: [UInt8]
        public var recipients: [[UInt8]]
        public var login: String?
        public var daemonName: String?
        public var client: ClientAddress?
        public var cameBySMTP = true

        public init(sender: [UInt8], recipients: [[UInt8]]) {
            self.sender = sender
            self.recipients = recipients
        }
    }

    private let policy: Policy
    private let keys: any KeyDirectory
    private let now: Timestamp

    public init(policy: Policy, keys: any KeyDirectory, now: Timestamp) {
        self.policy = policy
        self.keys = keys
        self.now = now
    }

    /// - Throws: what the key directory throws.
    public func explain(_ circumstances: Circumstances, header: [HeaderField]) throws -> Explanation {
        var ladder = Ladder.Facts()
        ladder.login = circumstances.login
        ladder.daemonName = circumstances.daemonName
        ladder.client = circumstances.client
        ladder.cameBySMTP = circumstances.cameBySMTP
        let rung = policy.ladder.rung(ladder)
        var envelope = Envelope()
        envelope.setSender(path: circumstances.sender)
        envelope.recipients = circumstances.recipients.map { Envelope.Recipient(path: $0, resolved: nil) }
        let facts = MessageFacts(sender: envelope.sender, header: header)
        let direction: Direction = rung == .otherwise ? .inbound : .outbound
        let planner = Planner(
            policy: policy, keys: keys, now: now, facts: facts, direction: direction, login: circumstances.login,
            isOriginKnown: true)
        let copies = try planner.copies(for: envelope.recipients)
        let rules = policy.rules(for: facts)
        var entries: [Explanation.Recipient] = []
        for (number, copy) in copies.enumerated() {
            for recipient in copy.recipients {
                let rule = Policy.rule(for: recipient.subject, among: rules)
                entries.append(
                    Explanation.Recipient(
                        address: recipient.text, rule: rule.name, place: rule.place,
                        isNamed: planner.isNamed(recipient), candidates: try candidates((recipient, rule), planner),
                        decision: decision(copy.plan), copy: number + 1,
                        inbound: direction == .inbound && rule.inbound != .verify ? rule.inbound : nil))
            }
        }
        return Explanation(
            direction: direction, rung: rung, recipients: entries, copies: copies.count,
            reasons: copies.flatMap(\.plan.reasons),
            refusal: copies.compactMap { $0.plan.refusal ?? $0.plan.refusalUnlessProtected }.first)
    }

    private func decision(_ plan: Plan) -> String {
        guard let refusal = plan.refusal ?? plan.refusalUnlessProtected else { return plan.label }
        return "\(refusal.code) \(refusal.enhanced) \(refusal.text)"
    }

    /// Every key that is known for a recipient, in every protocol of the rule.
    private func candidates(_ concern: Planner.Concern, _ planner: Planner) throws -> [Explanation.Candidate] {
        guard concern.rule.encrypt != .never, let address = concern.recipient.address else { return [] }
        return try concern.rule.protocols.flatMap { method in
            switch method {
            case .openpgp:
                let chosen = try planner.recipient(for: concern, isHidden: false)
                return try planner.certificates(for: address).map { known in
                    let isTaken =
                        chosen.map { known.certificate.allKeys.map(\.fingerprint).contains($0.key.fingerprint) }
                        ?? false
                    return Explanation.Candidate(
                        method: method, name: known.certificate.fingerprint.hex, source: known.provenance.rawValue,
                        isTaken: isTaken, why: why(known, concern.rule, isTaken: isTaken))
                }
            case .smime:
                return try keys.smimeRecipients(for: address, at: now).enumerated().map { index, recipient in
                    Explanation.Candidate(
                        method: method, name: recipient.certificate.serial, source: "chain", isTaken: index == 0,
                        why: index == 0 ? "the best certificate for exactly this address" : "another is valid longer")
                }
            }
        }
    }

    private func why(_ known: KnownCertificate, _ rule: Rule, isTaken: Bool) -> String {
        if isTaken { return "the youngest usable key of the strongest source" }
        switch known.certificate.validity(at: now, policy: policy.algorithms) {
        case .valid: break
        case .expired(let time): return "expired at \(MailDate.text(unixSeconds: time.seconds))"
        case .revoked: return "revoked"
        case .notYetValid: return "not valid yet"
        case .unusable(let reason): return reason
        }
        if known.certificate.encryptionKeys(at: now, policy: policy.algorithms).isEmpty {
            return "has no key that may be encrypted to"
        }
        if rule.encrypt == .required, !known.provenance.bindsAddress {
            return "its source proves nothing about the address, and the rule requires encryption"
        }
        if known.provenance == .message { return "known only from a message" }
        return "another comes from a stronger source or is younger"
    }
}
