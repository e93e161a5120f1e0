import MIME
import ProtectedMail

/// Which recipients share a copy: those with the same protocol, the same signature and nothing to hide from each other.
extension Planner {
    /// What the copy of a recipient has in common with that of others.
    private struct Kind: Hashable {
        /// nil for clear text.
        var method: Rule.Method?
        var sign: Rule.Sign
        var signWithoutLogin: Bool
        var openpgpForm: ProtectionPlan.Form?
        var smimeSignature: SMIMEPlan.SignatureForm
        /// Set for a copy of one's own: the place in the envelope.
        var alone: Int?
    }

    /// The copies of a message, at least one. More than one only where messages can be split and have to be.
    func copies(for recipients: [Envelope.Recipient]) throws -> [CopyPlan] {
        let (concerns, reasons) = concerns(of: recipients)
        func one() throws -> [CopyPlan] {
            var plan = try plan(for: concerns)
            plan.reasons = reasons + plan.reasons
            return [CopyPlan(recipients: recipients, plan: plan, rules: concerns.map(\.rule))]
        }
        guard let splitting = policy.splitting, !concerns.isEmpty else { return try one() }
        if let blind = concerns.first(where: { $0.rule.blindCopies == .refuse && isEncryptedBlind($0, concerns) }) {
            return [
                refusal(
                    .init(
                        code: 550, enhanced: "5.7.1",
                        text: "<\(blind.recipient.text)>: rule "
                            + "'\(blind.rule.name)' takes no blind copies of encrypted mail"), recipients)
            ]
        }
        let extra = extraCopies(for: concerns)
        if direction == .outbound,
            let guest = try concerns.first(where: {
                try isGuest($0) && $0.rule.encrypt != .never && method(for: $0) == nil
            })
        {
            guard !extra.isEmpty else { return try one() }
            return [
                refusal(
                    .init(
                        code: 550, enhanced: "5.7.5",
                        text: "<\(guest.recipient.text)>: has no key, and no copies are made of what waits for a guest"),
                    recipients)
            ]
        }
        guard concerns.count + extra.count > 1 else { return try one() }
        guard let parts = try parts(of: concerns) else { return try one() }
        let all = parts + extra.map { [$0] }
        guard all.count > 1 else { return try one() }
        guard all.count <= splitting.maxCopies else {
            if concerns.contains(where: { $0.rule.encrypt == .required }) {
                return [
                    refusal(
                        .init(
                            code: 554, enhanced: "5.7.1",
                            text: "\(all.count) different copies would be "
                                + "needed, at most \(splitting.maxCopies) are made (max_copies); send to fewer recipients"
                        ), recipients)
                ]
            }
            return try one()
        }
        var plans = try all.map { part in
            CopyPlan(recipients: part.map(\.recipient), plan: try plan(for: part), rules: part.map(\.rule))
        }
        // Nothing is protected and nothing refused: it can stay one.
        guard plans.contains(where: { !$0.plan.isEmpty }) else { return try one() }
        plans[0].plan.reasons = reasons + plans[0].plan.reasons
        return plans
    }

    /// The parts of the envelope; nil where a rule wants all or none and not all can have it.
    func parts(of concerns: [Concern]) throws -> [[Concern]]? {
        var order: [Kind] = []
        var parts: [Kind: [Concern]] = [:]
        for (index, concern) in concerns.enumerated() {
            let rule = concern.rule
            var kind = Kind(
                method: nil, sign: rule.sign, signWithoutLogin: rule.signWithoutLogin,
                openpgpForm: rule.openpgpForm, smimeSignature: rule.smimeSignature, alone: nil)
            if rule.encrypt != .never {
                kind.method = try method(for: concern)
                if kind.method == .openpgp { kind.openpgpForm = try form(for: [concern]) }
                if kind.method == nil {
                    if concerns.contains(where: { $0.rule.allOrNone }) { return nil }
                    // Who may not have clear text is refused by the plan of their part, which is the answer for all.
                    if rule.missingKey != .sendClear { kind.alone = index }
                } else if !isNamed(concern.recipient), concerns.count > 1,
                    rule.blindCopies == .isolate || kind.method == .smime
                {
                    kind.alone = index
                }
            }
            if parts[kind] == nil { order.append(kind) }
            parts[kind, default: []].append(concern)
        }
        return order.compactMap { parts[$0] }
    }

    /// The first protocol of the rule in which the recipient can be reached.
    func method(for concern: Concern) throws -> Rule.Method? {
        try concern.rule.protocols.first { method in
            switch method {
            case .openpgp: return try recipient(for: concern, isHidden: false) != nil
            case .smime:
                guard let address = concern.recipient.address else { return false }
                return try !smimeRecipients(for: address).isEmpty
            }
        }
    }

    func isEncryptedBlind(_ concern: Concern, _ concerns: [Concern]) -> Bool {
        concerns.count > 1 && concern.rule.encrypt != .never && !isNamed(concern.recipient)
    }

    /// Copies that rules add for an archive and for the sender. Each is for one reader, and never in clear.
    func extraCopies(for concerns: [Concern]) -> [Concern] {
        guard direction == .outbound else { return [] }
        var addresses: [EmailAddress] = []
        func add(_ address: EmailAddress?) {
            guard let address, !addresses.contains(address),
                !concerns.contains(where: { $0.recipient.address == address })
            else { return }
            addresses.append(address)
        }
        for rule in concerns.map(\.rule) {
            add(rule.companyCopy)
            if rule.ownCopy, case .address(let sender) = facts.sender { add(sender) }
        }
        return addresses.compactMap { address in
            guard var rule = try? Rule(name: "copy for \(address.canonical)", encrypt: .required, missingKey: .defer)
            else { return nil }
            rule.protocols = concerns.first?.rule.protocols ?? rule.protocols
            return (Envelope.Recipient(address), rule)
        }
    }

    func refusal(_ reply: SMTPReply, _ recipients: [Envelope.Recipient]) -> CopyPlan {
        var plan = Plan()
        plan.refusalUnlessProtected = reply
        return CopyPlan(recipients: recipients, plan: plan, rules: [])
    }
}
