import MIME

/// What becomes of mail on its way to mailboxes, where each recipient has an answer of their own.
extension Planner {
    /// Recipients whose mail stays as it came share a group; everybody else has one alone.
    func inboundGroups(_ concerns: [Concern]) throws -> [CopyPlan] {
        var alike: [Envelope.Recipient] = []
        var groups: [CopyPlan] = []
        let limit = (policy.splitting ?? Splitting()).maxCopies
        for concern in concerns {
            let inbound = inbound(for: concern)
            guard inbound != .verify else {
                alike.append(concern.recipient)
                continue
            }
            // The rest comes again, and then those before are no longer with it.
            guard groups.count < limit else {
                let reply = SMTPReply(
                    code: 451, enhanced: "4.5.3",
                    text: "<\(concern.recipient.text)>: more than \(limit) copies of one message (max_copies)")
                groups.append(refusal(reply, [concern.recipient]))
                continue
            }
            groups.append(try group(concern, inbound))
        }
        return (alike.isEmpty ? [] : [CopyPlan(recipients: alike, plan: Plan(), rules: [])]) + groups
    }

    /// Only mail that may be encrypted as a whole can be opened.
    private func inbound(for concern: Concern) -> Rule.Inbound {
        concern.rule.inbound == .decrypt && !facts.mayBeEncrypted ? .verify : concern.rule.inbound
    }

    private func group(_ concern: Concern, _ inbound: Rule.Inbound) throws -> CopyPlan {
        var plan = Plan()
        if inbound == .encrypt {
            var rule = concern.rule
            rule.sign = .never
            rule.encrypt = rule.missingKey == .sendClear ? .opportunistic : .required
            plan = try self.plan(for: [(concern.recipient, rule)])
        } else {
            plan.rules = [concern.rule.name]
        }
        return CopyPlan(recipients: [concern.recipient], plan: plan, rules: [], inbound: inbound)
    }

    /// Whether mail is encrypted for a mailbox: then only keys count that somebody vouches for, or a key that a stranger
    /// sent along could take a mailbox away from its owner.
    func isAtRest(_ concern: Concern) -> Bool { direction == .inbound && concern.rule.inbound == .encrypt }
}
