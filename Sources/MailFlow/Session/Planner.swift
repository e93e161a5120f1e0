import MIME
import OpenPGP
import ProtectedMail

/// What is to be done with one message.
struct Plan {
    var protection: Protection?
    /// Given unless the message turns out to be protected by its sender already.
    var refusalUnlessProtected: SMTPReply?
    /// Given whatever the message is.
    var refusal: SMTPReply?
    /// Encryption was wished for and will not happen.
    var isDowngraded = false
    /// Whether a signature may be left out when it turns out to be impossible.
    var mayDropSignature = false
    /// Recipients for whom no key was found, where that is why the message is refused.
    var missing: [String] = []
    /// Recipients without a key for whom the message is kept: all of them or none.
    var guests: [EmailAddress] = []
    var rules: [String] = []
    var reasons: [String] = []
    var keyIDs: [String] = []

    /// Whether there is anything to protect or to refuse.
    var isEmpty: Bool {
        protection == nil && refusalUnlessProtected == nil && refusal == nil && guests.isEmpty
    }

    init() {}

    /// What the plans of several copies have in common: the first refusal, and everything for the log.
    init(common plans: [Plan]) {
        refusal = plans.compactMap(\.refusal).first
        refusalUnlessProtected = plans.compactMap(\.refusalUnlessProtected).first
        // Stands for all; it decides nothing but the label.
        protection = plans.compactMap(\.protection).first
        isDowngraded = plans.contains(where: \.isDowngraded)
        mayDropSignature = plans.contains(where: \.mayDropSignature)
        for rule in plans.flatMap(\.rules) where !rules.contains(rule) { rules.append(rule) }
        reasons = plans.flatMap(\.reasons)
        keyIDs = plans.flatMap(\.keyIDs)
    }

    var label: String {
        if !guests.isEmpty { return "guest" }
        return switch (protection?.encrypts ?? false, protection?.signs ?? false) {
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
    /// What the directory said of recipients: who is judged to find the copies is asked about again for their copy.
    private let answers = Answers()

    typealias Concern = (recipient: Envelope.Recipient, rule: Rule)

    /// Each recipient with the rule for them; nobody where there is nothing to do.
    func concerns(of recipients: [Envelope.Recipient]) -> (concerns: [Concern], reasons: [String]) {
        let concerns = withRules(recipients)
        guard direction == .inbound else { return (concerns, []) }
        // Mail that looks inbound may be outbound mail whose macros got lost: what is required stays required.
        guard concerns.contains(where: { isForced($0) }) else { return ([], []) }
        // Recipients the rule does not force ride along: they get the same protected copy or the message stops.
        return (
            concerns.map { isForced($0) ? $0 : ($0.recipient, Planner.companion($0.rule)) },
            ["inbound mail to foreign recipients under a rule that requires protection"]
        )
    }

    func withRules(_ recipients: [Envelope.Recipient]) -> [Concern] {
        let rules = policy.rules(for: facts)
        return recipients.map { ($0, Policy.rule(for: $0.subject, among: rules)) }
    }

    /// One copy for all of them.
    func plan(for concerns: [Concern]) throws -> Plan {
        var plan = Plan()
        guard !concerns.isEmpty else { return plan }
        for rule in concerns.map(\.rule.name) where !plan.rules.contains(rule) { plan.rules.append(rule) }
        let readers = try readers(for: concerns, &plan)
        if plan.refusal != nil || !plan.guests.isEmpty { return plan }
        let signer = try signer(for: concerns, readers, &plan)
        if plan.refusal != nil || plan.refusalUnlessProtected != nil { return plan }
        plan.protection = try protection(readers, signer, for: concerns)
        plan.keyIDs = (readers?.names ?? []) + (signer.map { [$0.name] } ?? [])
        return plan
    }

    private func protection(
        _ readers: Readers?, _ signer: Signer?, for concerns: [Concern]
    ) throws -> Protection? {
        let rule = concerns.first?.rule ?? .fallback
        switch (readers, signer) {
        case (nil, nil): return nil
        case (.smime(let recipients), let signer):
            let smime = signer?.smime
            return .smime(
                SMIMEPlan(
                    recipients: recipients, signer: smime?.signer, chain: smime?.chain ?? [],
                    signatureForm: rule.smimeSignature))
        case (nil, .smime(let smime)):
            return .smime(SMIMEPlan(signer: smime.signer, chain: smime.chain, signatureForm: rule.smimeSignature))
        case (let readers, let signer):
            let recipients = readers?.openpgp ?? []
            return try .openpgp(
                ProtectionPlan(
                    recipients: recipients, signer: signer?.openpgp, encrypt: !recipients.isEmpty,
                    sign: signer?.openpgp != nil,
                    form: recipients.isEmpty ? rule.openpgpForm ?? .mime : form(for: concerns)))
        }
    }

    /// How OpenPGP mail to these is written: inline where the rule of each says so or, if it says nothing, the sender wants
    /// it so for them.
    func form(for concerns: [Concern]) throws -> ProtectionPlan.Form {
        let user = direction == .outbound ? login.flatMap { EmailAddress($0) } : nil
        let isInline = try concerns.allSatisfy { concern in
            if let form = concern.rule.openpgpForm { return form == .inline }
            guard let user, user.isDomainMapped, let address = concern.recipient.address else { return false }
            return try keys.keptCertificates(for: address, by: user, at: now).contains(where: \.prefersInline)
        }
        return isInline ? .inline : .mime
    }

    func isForced(_ concern: Concern) -> Bool {
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

    /// What one protocol can do for the recipients who are to be encrypted to.
    private struct Attempt {
        var readers: Readers
        var missing: [Concern] = []
    }

    private func readers(for concerns: [Concern], _ plan: inout Plan) throws -> Readers? {
        let required = concerns.first { $0.rule.encrypt == .required }
        guard required != nil || concerns.contains(where: { $0.rule.encrypt == .opportunistic }) else { return nil }
        let wanted = concerns.filter { $0.rule.encrypt != .never }
        // One message is protected in one protocol: the first that reaches everybody, else the one that reaches most.
        var best: Attempt?
        var reachable: Set<String> = []
        for candidate in Self.protocols(wanted.map(\.rule)) {
            let attempt = try attempt(candidate, wanted)
            let missing = Set(attempt.missing.map(\.recipient.text))
            reachable.formUnion(wanted.map(\.recipient.text).filter { !missing.contains($0) })
            if attempt.missing.count < best?.missing.count ?? .max { best = attempt }
            if attempt.missing.isEmpty { break }
        }
        let missing = best?.missing ?? wanted
        if direction == .outbound, missing.contains(where: { isGuest($0) }) {
            planGuests(missing, concerns, &plan)
            return nil
        }
        if let concern = missing.first(where: { $0.rule.missingKey != .sendClear }) {
            plan.missing = missing.map(\.recipient.text)
            plan.refusalUnlessProtected = noKey(
                concern.recipient, concern.rule, isReachable: reachable.contains(concern.recipient.text))
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
            return best?.readers
        }
        let unencrypted = missing.count + concerns.count - wanted.count
        guard unencrypted > 0 else { return best?.readers }
        plan.isDowngraded = true
        plan.reasons.append(
            missing.isEmpty
                ? "in clear to all: rules forbid encryption for \(unencrypted) of \(concerns.count) recipients"
                : "in clear to all: no key for \(missing.count) of \(concerns.count) recipients")
        return nil
    }

    /// Whether somebody without a key is to be a guest. Our own users are not: they get keys in other ways.
    func isGuest(_ concern: Concern) -> Bool {
        concern.rule.missingKey == .guest && !policy.isLocal(concern.recipient.subject)
    }

    /// Keeps the message for guests, if that is what all recipients are: a message can be kept or sent, not both.
    private func planGuests(_ missing: [Concern], _ concerns: [Concern], _ plan: inout Plan) {
        let guests = missing.filter { isGuest($0) }.compactMap(\.recipient.address)
        func refuse(_ why: String) {
            let text = missing.first { isGuest($0) }?.recipient.text ?? ""
            plan.missing = missing.map(\.recipient.text)
            plan.refusalUnlessProtected = SMTPReply(code: 550, enhanced: "5.7.5", text: "<\(text)>: \(why)")
        }
        if guests.count != concerns.count {
            refuse("has no key and can be invited to make one; send to them alone")
        } else if concerns.contains(where: { $0.rule.sign == .required }) {
            refuse("has no key, and what waits for a guest cannot be signed as the rule requires")
        } else {
            plan.guests = guests
        }
    }

    /// The protocols that all rules allow, in the order of the first.
    private static func protocols(_ rules: [Rule]) -> [Rule.Method] {
        (rules.first?.protocols ?? []).filter { candidate in rules.allSatisfy { $0.protocols.contains(candidate) } }
    }

    private func attempt(_ candidate: Rule.Method, _ concerns: [Concern]) throws -> Attempt {
        switch candidate {
        case .openpgp:
            var found: [EncryptionRecipient] = []
            var missing: [Concern] = []
            for concern in concerns {
                if let recipient = try recipient(for: concern, isHidden: isBlind(concern) && !isAtRest(concern)) {
                    // One packet serves both ways of writing an address.
                    if !found.contains(where: { $0.key.fingerprint == recipient.key.fingerprint }) {
                        found.append(recipient)
                    }
                } else {
                    missing.append(concern)
                }
            }
            return Attempt(readers: .openpgp(found), missing: missing)
        case .smime:
            var found: [SMIMERecipient] = []
            var missing: [Concern] = []
            for concern in concerns {
                // CMS names everybody it is encrypted to: one whom the header hides would be shown to the others.
                let isShown = concerns.count == 1 || !isBlind(concern)
                if isShown, let address = concern.recipient.address,
                    let recipient = try smimeRecipients(for: address).first
                {
                    if !found.contains(where: { $0.certificate == recipient.certificate }) { found.append(recipient) }
                } else {
                    missing.append(concern)
                }
            }
            return Attempt(readers: .smime(found), missing: missing)
        }
    }

    /// Our own users' certificates are known better than anybody's copy of them; of others what the sender keeps comes first.
    func smimeRecipients(for address: EmailAddress) throws -> [SMIMERecipient] {
        if let answer = answers.smime[address] { return answer }
        let answer = try askSMIMERecipients(for: address)
        answers.smime[address] = answer
        return answer
    }

    private func askSMIMERecipients(for address: EmailAddress) throws -> [SMIMERecipient] {
        let known = try keys.smimeRecipients(for: address, at: now)
        guard let login, let user = EmailAddress(login), user.isDomainMapped else { return known }
        let kept = try keys.smimeRecipients(keptBy: user, for: address, at: now)
        return policy.localDomains.contains(address.domain) ? known + kept : kept + known
    }

    private func isBlind(_ concern: Concern) -> Bool { policy.hidesBlindCopies && !isNamed(concern.recipient) }

    /// Whether the header names a recipient.
    func isNamed(_ recipient: Envelope.Recipient) -> Bool {
        recipient.address.map { facts.shows($0, isLocal: policy.localDomains.contains($0.domain)) } ?? false
    }

    func noKey(_ recipient: Envelope.Recipient, _ rule: Rule, isReachable: Bool) -> SMTPReply {
        let isTemporary = rule.missingKey == .defer
        let why =
            isReachable
            ? "has a key for another protocol than the other recipients; send to each alone"
            : "no usable encryption key, and rule '\(rule.name)' does not let it go in clear"
        return SMTPReply(
            code: isTemporary ? 451 : 550, enhanced: isTemporary ? "4.7.5" : "5.7.5",
            text: "<\(recipient.text)>: \(why)")
    }

    /// The key to encrypt to: of the certificates from the strongest source the youngest that has one.
    /// Under `required` only sources that bind the address count: anybody can upload a key for any address.
    func recipient(for concern: Concern, isHidden: Bool) throws -> EncryptionRecipient? {
        guard let address = concern.recipient.address else { return nil }
        let known = try certificates(for: address)
        for provenance in Provenance.allCases where provenance != .message {
            if concern.rule.encrypt == .required || isAtRest(concern), !provenance.bindsAddress { continue }
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

    /// What is known for an address: for everybody, and for the user who logged in.
    func certificates(for address: EmailAddress) throws -> [KnownCertificate] {
        if let answer = answers.openpgp[address] { return answer }
        let answer = try askCertificates(for: address)
        answers.openpgp[address] = answer
        return answer
    }

    private func askCertificates(for address: EmailAddress) throws -> [KnownCertificate] {
        let known = try keys.encryptionCertificates(for: address, at: now)
        guard direction == .outbound, let user = login.flatMap({ EmailAddress($0) }), user.isDomainMapped,
            // Our own users say themselves what they can read.
            !known.contains(where: { $0.provenance == .own })
        else { return known }
        let fingerprints = Set(known.map(\.certificate.fingerprint))
        let kept = try keys.keptCertificates(for: address, by: user, at: now)
        // What the user made sure of counts for their mail even where others only heard of it.
        return known + kept.filter { $0.provenance.bindsAddress || !fingerprints.contains($0.certificate.fingerprint) }
    }

    // MARK: - Signature

    private func signer(for concerns: [Concern], _ readers: Readers?, _ plan: inout Plan) throws -> Signer? {
        let demanding = concerns.first { $0.rule.sign == .required }?.rule
        guard let rule = demanding ?? concerns.first(where: { $0.rule.sign == .ifKey })?.rule else { return nil }
        if demanding == nil, facts.isSigned {
            plan.reasons.append("unsigned: its sender signed it")
            return nil
        }
        plan.mayDropSignature = demanding == nil
        func cannot(_ why: String, isKey: Bool = false) -> Signer? {
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
        let rules = concerns.map(\.rule).filter { $0.sign != .never }
        let candidates = readers.map { [$0.protocol] } ?? Self.protocols(rules)
        for candidate in candidates {
            switch candidate {
            case .openpgp: if let key = try signingKey(for: address) { return .openpgp(key) }
            case .smime: if let signer = try smimeSigner(for: address) { return .smime(signer) }
            }
        }
        return cannot("there is no key for <\(address.canonical)>", isKey: true)
    }

    /// Whose own key may sign: the user who logged in as the very address that the mail is from.
    private func user(_ address: EmailAddress) -> EmailAddress? {
        login.flatMap { EmailAddress($0) }.flatMap { $0.isDomainMapped && $0 == address ? $0 : nil }
    }

    private func signingKey(for address: EmailAddress) throws -> SigningKey? {
        if let user = user(address), let key = try keys.attachedSigningKey(of: user, at: now) { return key }
        return try keys.signingKey(for: address, at: now)
    }

    private func smimeSigner(for address: EmailAddress) throws -> SMIMESigner? {
        if let user = user(address), let signer = try keys.attachedSMIMESigner(of: user, at: now) { return signer }
        return try keys.smimeSigner(for: address, at: now)
    }
}

/// What is known for addresses, for as long as one message is planned.
private final class Answers {
    var openpgp: [EmailAddress: [KnownCertificate]] = [:]
    var smime: [EmailAddress: [SMIMERecipient]] = [:]
}

/// Whom a message is encrypted to, all in one protocol.
private enum Readers {
    case openpgp([EncryptionRecipient])
    case smime([SMIMERecipient])

    var `protocol`: Rule.Method { if case .openpgp = self { .openpgp } else { .smime } }
    var openpgp: [EncryptionRecipient]? { if case .openpgp(let found) = self { found } else { nil } }

    /// For the log.
    var names: [String] {
        switch self {
        case .openpgp(let found): found.map(\.key.keyID.hex)
        case .smime(let found): found.map { "smime:" + $0.certificate.serial }
        }
    }
}

/// Whose signature a message gets.
private enum Signer {
    case openpgp(SigningKey)
    case smime(SMIMESigner)

    var openpgp: SigningKey? { if case .openpgp(let key) = self { key } else { nil } }
    var smime: SMIMESigner? { if case .smime(let signer) = self { signer } else { nil } }

    /// For the log.
    var name: String {
        switch self {
        case .openpgp(let key): key.publicKey.keyID.hex
        case .smime(let smime): "smime:" + smime.signer.certificate.serial
        }
    }
}
