import MIME

/// What becomes of each recipient where each has an answer of their own.
extension Planner {
    /// The groups of recipients with the same treatment: everybody is in exactly one. Copies that rules add for an archive or
    /// the sender come as groups of recipients without a position.
    func groups(for recipients: [Envelope.Recipient]) throws -> [CopyPlan] {
        let all = withRules(recipients)
        guard direction == .inbound else { return try outboundGroups(all) }
        // Required protection also holds for mail that comes in for foreign recipients; it does not concern the others.
        let forced = all.filter { isForced($0) }
        return try inboundGroups(all.filter { !isForced($0) }) + protectedGroups(forced)
    }

    private func outboundGroups(_ all: [Concern]) throws -> [CopyPlan] {
        func isBlindRefused(_ concern: Concern) -> Bool {
            concern.rule.blindCopies == .refuse && isEncryptedBlind(concern, all)
        }
        let blind = all.filter(isBlindRefused).map { concern in
            refusal(
                SMTPReply(
                    code: 550, enhanced: "5.7.1",
                    text: "<\(concern.recipient.text)>: rule '\(concern.rule.name)' takes no blind copies of "
                        + "encrypted mail"), [concern.recipient])
        }
        let concerns = all.filter { !isBlindRefused($0) }
        let isAllOrNone = concerns.contains { $0.rule.allOrNone }
        let guests =
            isAllOrNone
            ? [] : try concerns.filter { try isGuest($0) && $0.rule.encrypt != .never && method(for: $0) == nil }
        let positions = Set(guests.map(\.recipient.position))
        return try blind + protectedGroups(concerns.filter { !positions.contains($0.recipient.position) })
            + guestGroups(guests)
    }

    private func protectedGroups(_ concerns: [Concern]) throws -> [CopyPlan] {
        guard !concerns.isEmpty else { return [] }
        func group(_ concerns: [Concern]) throws -> CopyPlan {
            CopyPlan(
                recipients: concerns.map(\.recipient), plan: try plan(for: concerns), rules: concerns.map(\.rule))
        }
        guard let parts = try parts(of: concerns) else { return [try group(concerns)] }
        let groups = parts + extraCopies(for: concerns).map { [$0] }
        let limit = (policy.splitting ?? Splitting()).maxCopies
        guard groups.count <= limit else {
            return [
                refusal(
                    SMTPReply(
                        code: 554, enhanced: "5.7.1",
                        text:
                            "\(groups.count) different copies would be needed, at most \(limit) are made (max_copies); "
                            + "send to fewer recipients"), concerns.map(\.recipient))
            ]
        }
        return try groups.map(group)
    }

    /// Guests wait together, but for those who cannot: what waits is not signed, and no copies are made of it.
    private func guestGroups(_ guests: [Concern]) throws -> [CopyPlan] {
        var waiting: [Concern] = []
        var groups: [CopyPlan] = []
        for guest in guests {
            if !extraCopies(for: [guest]).isEmpty {
                groups.append(
                    refusal(
                        SMTPReply(
                            code: 550, enhanced: "5.7.5",
                            text:
                                "<\(guest.recipient.text)>: has no key, and no copies are made of what waits for a guest"
                        ), [guest.recipient]))
            } else if guest.rule.sign == .required || guest.recipient.address == nil {
                groups.append(
                    CopyPlan(recipients: [guest.recipient], plan: try plan(for: [guest]), rules: [guest.rule]))
            } else {
                waiting.append(guest)
            }
        }
        guard !waiting.isEmpty else { return groups }
        let plan = try plan(for: waiting)
        return groups + [
            CopyPlan(recipients: waiting.map(\.recipient), plan: plan, rules: waiting.map(\.rule))
        ]
    }
}
