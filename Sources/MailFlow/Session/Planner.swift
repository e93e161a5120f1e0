import MIME
import OpenPGP
import ProtectedMail

/// What is to be done with one message.
struct Plan {
    var protection: ProtectionPlan?
    /// Given unless the message turns out to be protected by its sender already.
    var refusalUnlessProtected: SMTPReply?
    /// Given whatever the message is.
    var refusal: SMTPReply?
    /// Encryption was wished for and will not happen.
    var isDowngraded = false
    /// Whether a signature may be left out when it turns out to be impossible.
    var mayDropSignature = false
    var rules: [String] = []
    var reasons: [String] = []
    var keyIDs: [String] = []

    /// Whether there is anything to protect or to refuse.
    var isEmpty: Bool { protection == nil && refusalUnlessProtected == nil && refusal == nil }

    var label: String {
        switch (protection?.encrypt ?? false, protection?.sign ?? false) {
        case (true, true): "encrypt+sign"
        case (true, false): "encrypt"
        case (false, true): "sign"
        case (false, false): "none"
        }
    }
}

/// Applies the rules: pure but for the questions to the key directory, whose errors it passes on.
struct Planner {
    let policy: Policy
    let keys: any KeyDirectory
    let now: Timestamp
    let facts: MessageFacts
    let direction: Direction
    let login: String?
    /// Whether the client is of a kind whose From may be believed where a rule says so.
    let isOriginKnown: Bool

    private typealias Concern = (recipient: Envelope.Recipient, rule: Rule)

    func plan(for recipients: [Envelope.Recipient]) throws -> Plan {
        var plan = Plan()
        let rules = policy.rules(for: facts)
        var concerns: [Concern] = recipients.map { ($0, Policy.rule(for: $0.subject, among: rules)) }
        if direction == .inbound {
            // Mail that looks inbound may be outbound mail whose macros got lost: what is required stays required.
            let hasForced = concerns.contains { isForced($0) }
            guard hasForced else { return plan }
            plan.reasons.append("inbound mail to foreign recipients under a rule that requires protection")
            // Recipients the rule does not force ride along: they get the same protected copy or the message stops.
            concerns = concerns.map { isForced($0) ? $0 : ($0.recipient, Planner.companion($0.rule)) }
        }
        for rule in concerns.map(\.rule.name) where !plan.rules.contains(rule) { plan.rules.append(rule) }
        let encryption = try encryption(for: concerns, &plan)
        if plan.refusal != nil { return plan }
        let signer = try signer(for: concerns, isEncrypting: encryption != nil, &plan)
        if plan.refusal != nil || plan.refusalUnlessProtected != nil { return plan }
        if encryption != nil || signer != nil {
            plan.protection = ProtectionPlan(
                recipients: encryption ?? [], signer: signer, encrypt: encryption != nil, sign: signer != nil)
            plan.keyIDs = (encryption ?? []).map(\.key.keyID.hex) + (signer.map { [$0.publicKey.keyID.hex] } ?? [])
        }
        return plan
    }

    private func isForced(_ concern: Concern) -> Bool {
        !policy.isLocal(concern.recipient.subject)
            && (concern.rule.encrypt == .required || concern.rule.sign == .required)
    }

    private static func companion(_ rule: Rule) -> Rule {
        var rule = rule
        if rule.encrypt == .never { rule.encrypt = .opportunistic }
        rule.sign = .never
        rule.missingKey = .sendClear
        return rule
    }

    // MARK: - Encryption

    private func encryption(for concerns: [Concern], _ plan: inout Plan) throws -> [EncryptionRecipient]? {
        let required = concerns.first { $0.rule.encrypt == .required }
        guard required != nil || concerns.contains(where: { $0.rule.encrypt == .opportunistic }) else { return nil }
        var found: [EncryptionRecipient] = []
        var missing: [Concern] = []
        for concern in concerns {
            guard concern.rule.encrypt != .never else { continue }
            let isHidden =
                policy.hidesBlindCopies && !(concern.recipient.address.map { facts.visible.contains($0) } ?? false)
            if let recipient = try recipient(for: concern, isHidden: isHidden) {
                // One packet serves both ways of writing an address.
                if !found.contains(where: { $0.key.fingerprint == recipient.key.fingerprint }) {
                    found.append(recipient)
                }
            } else {
                missing.append(concern)
            }
        }
        if let concern = missing.first(where: { $0.rule.missingKey != .sendClear }) {
            plan.refusalUnlessProtected = noKey(concern.recipient, concern.rule)
            return nil
        }
        if let required {
            if let concern = concerns.first(where: { $0.rule.encrypt == .never }) ?? missing.first {
                plan.refusalUnlessProtected = SMTPReply(
                    code: 550, enhanced: "5.7.5",
                    text: "<\(concern.recipient.text)> cannot get the encrypted copy that rule '\(required.rule.name)' "
                        + "requires for <\(required.recipient.text)>; send to each alone")
                return nil
            }
            return found
        }
        let unencrypted = missing.count + concerns.filter { $0.rule.encrypt == .never }.count
        guard unencrypted > 0 else { return found }
        plan.isDowngraded = true
        plan.reasons.append(
            missing.isEmpty
                ? "in clear to all: rules forbid encryption for \(unencrypted) of \(concerns.count) recipients"
                : "in clear to all: no key for \(missing.count) of \(concerns.count) recipients")
        return nil
    }

    private func noKey(_ recipient: Envelope.Recipient, _ rule: Rule) -> SMTPReply {
        let isTemporary = rule.missingKey == .defer
        return SMTPReply(
            code: isTemporary ? 451 : 550, enhanced: isTemporary ? "4.7.5" : "5.7.5",
            text: "<\(recipient.text)>: no usable encryption key, and rule '\(rule.name)' does not let it go in clear")
    }

    /// The key to encrypt to: of the certificates from the strongest source the youngest that has one.
    /// Under `required` only sources that bind the address count: anybody can upload a key for any address.
    private func recipient(for concern: Concern, isHidden: Bool) throws -> EncryptionRecipient? {
        guard let address = concern.recipient.address else { return nil }
        let known = try keys.encryptionCertificates(for: address, at: now)
        for provenance in Provenance.allCases where provenance != .message {
            if concern.rule.encrypt == .required, !provenance.bindsAddress { continue }
            let candidates = known.filter { $0.provenance == provenance }.map(\.certificate)
                .sorted { $0.primaryKey.creation > $1.primaryKey.creation }
            for certificate in candidates {
                if let found = EncryptionRecipient(
                    of: certificate, isHidden: isHidden, at: now, policy: policy.algorithms)
                {
                    return found
                }
            }
        }
        return nil
    }

    // MARK: - Signature

    private func signer(for concerns: [Concern], isEncrypting: Bool, _ plan: inout Plan) throws -> SigningKey? {
        let demanding = concerns.first { $0.rule.sign == .required }?.rule
        guard let rule = demanding ?? concerns.first(where: { $0.rule.sign == .ifKey })?.rule else { return nil }
        if demanding == nil, facts.isSigned {
            plan.reasons.append("unsigned: its sender signed it")
            return nil
        }
        plan.mayDropSignature = demanding == nil
        func cannot(_ why: String, isKey: Bool = false) -> SigningKey? {
            guard demanding != nil else {
                plan.reasons.append("unsigned: \(why)")
                return nil
            }
            let reply = SMTPReply(
                code: 550, enhanced: "5.7.1", text: "rule '\(rule.name)' requires a signature: \(why)")
            if isKey {
                plan.refusalUnlessProtected = plan.refusalUnlessProtected ?? reply
            } else {
                plan.refusal = reply
            }
            return nil
        }
        guard case .one(let address) = facts.soleFrom else {
            return cannot("there is not exactly one address in From")
        }
        if let login, !login.isEmpty {
            guard policy.signAs.allows(login: login, address: address) else {
                return cannot("the login may not sign as <\(address.canonical)>")
            }
        } else if direction == .inbound || !isOriginKnown {
            return cannot("the client did not log in")
        } else if !concerns.allSatisfy({ $0.rule.sign == .never || $0.rule.signWithoutLogin }) {
            return cannot("the client did not log in, and the rule does not say sign_without_login")
        }
        guard let key = try keys.signingKey(for: address, at: now) else {
            return cannot("there is no key for <\(address.canonical)>", isKey: true)
        }
        return key
    }
}
