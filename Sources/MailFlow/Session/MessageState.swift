import Libcrypto
import MIME
import OpenPGP
import ProtectedMail

/// One message on its way through a session.
final class MessageState {
    /// Octets that one message in work is counted with at most: windows, packet buffers and the memory part of a spool.
    private static let baseCost = 2 << 20
    static let step = 128 << 10
    /// Octets that a copy is counted with before there is anything in it.
    private static let emptyCopyCost = 128 << 10

    /// Octets that a message of that size is counted with. Most are small, and hundreds of them may be in work at once.
    static func cost(of size: Int) -> Int { min(baseCost, emptyCopyCost + 2 * min(size, baseCost)) }
    private static let maxHeaderBytes = 1 << 20
    /// Octets that a field is counted with beside its own: a field of two octets needs memory like any other.
    private static let fieldOverhead = 64

    let context: SessionContext
    var envelope = Envelope()
    /// See `Ladder.Facts`.
    var cameBySMTP = false
    var record = MessageRecord()
    /// Set where this is one of several groups that a proxy makes of a message: what they share is counted elsewhere.
    var isGroup = false
    /// Whether inbound mail is looked at; not where our fields of an earlier look are kept.
    var inspects = true
    /// The trace that a proxy's client gave, where one did; then the mail server has written its Received field already.
    var proxyTrace: [(name: String, value: String)]?

    let client: ClientAddress?
    let clientName: String
    /// The mail server's name for itself.
    var host = ""
    let startedAt: Int64
    var ladder = Ladder.Facts()
    var header: [HeaderField] = []
    var headerBytes = 0
    var headerCost = 0
    var reserved = 0

    var edits: [HeaderEdit] = []
    var plan = Plan()
    /// The rules of all recipients.
    var rules: [Rule] = []
    /// What leaves, once the message has ended and may leave: what the protector made, or what came, and why that may.
    var protected: ProtectedMessage?
    var passing: Passing?
    var protector: Protector?
    /// More than one where the message is split; then `plan` is what they have in common.
    var copies: [CopyPlan] = []
    var copyWork: CopyWork?
    /// The message as it waits for guests.
    var guestCopy: Spool?
    /// What is done to inbound mail for its one recipient.
    var inbound = Rule.Inbound.verify
    /// The content of encrypted mail, where its recipient gets that.
    var opened: OpenedMessage?
    var walker: AlreadyProtectedWalker?
    var inspector: Inspector?
    /// A verdict that is known before the body.
    var verdict: Verdict?
    var marker: Marker?
    var bodyDigest: Digest?
    var wantsBody = false

    init(context: SessionContext, client: ClientAddress?, clientName: String = "") {
        self.clientName = clientName
        self.context = context
        self.client = client
        startedAt = context.milliseconds()
    }

    func take(_ macros: Macros) {
        if let id = macros["i"] { record.queueID = id }
        if let name = macros["j"] { host = name }
        if let name = macros["daemon_name"] { ladder.daemonName = name }
        if let login = macros["auth_authen"] { ladder.login = login }
        if let subject = macros["cert_subject"] { ladder.certificateSubject = subject }
    }

    func add(_ field: HeaderField) {
        headerBytes += field.nameBytes.count + field.rawValue.count + 3
        headerCost += field.nameBytes.count + field.rawValue.count + MessageState.fieldOverhead
        // What is over the limit is refused at the end of headers; until then it only must not pile up.
        if headerCost <= MessageState.maxHeaderBytes { header.append(field) }
    }

    /// Shares the header of another state of the same message.
    func takeHeader(of other: MessageState) {
        header = other.header
        headerBytes = other.headerBytes
        headerCost = other.headerCost
    }

    func release() {
        context.budget.release(reserved)
        reserved = 0
    }

    /// Writes the answer down.
    func note(_ reply: Reply) {
        switch reply {
        case .reject(let text):
            record.result = .rejected
            record.reply = "\(text.code) \(text.enhanced) \(text.text)"
        case .tempfail(let text):
            record.result = .deferred
            record.reply = "\(text.code) \(text.enhanced) \(text.text)"
        case .proceed, .accept, .skipBody, .discard: break
        }
    }

    func finishedRecord() -> MessageRecord {
        record.recipients = envelope.recipients.count
        record.milliseconds = Int(clamping: context.milliseconds() - startedAt)
        return record
    }

    // MARK: - End of headers

    func begin() -> Reply {
        ladder.client = client
        ladder.cameBySMTP = cameBySMTP
        record.rung = context.policy.ladder.rung(ladder)
        record.direction = record.rung == .otherwise ? .inbound : .outbound
        guard headerCost <= MessageState.maxHeaderBytes else { return .reject(Replies.headerTooLarge) }
        clean()
        return start { facts in
            try Planner(
                policy: context.policy, keys: context.keys, now: context.now(), facts: facts,
                direction: record.direction, login: ladder.login,
                // Postfix speaks for local mail as 127.0.0.1. From anywhere else the missing macro was lost on its way,
                // and a signature would be for the asking.
                isOriginKnown: record.rung != .local || (client?.isLoopback ?? true)
            ).copies(for: envelope.recipients)
        }
    }

    /// For a message of which the caller knows what is to become of it, so that neither ladder nor rules decide.
    ///
    /// - Parameter keepsResults: whether results under our name stay: for mail that has gone through guardd.
    func begin(
        _ direction: Direction, keepsResults: Bool = false, plan: (MessageFacts) throws -> [CopyPlan]
    ) -> Reply {
        record.direction = direction
        guard headerCost <= MessageState.maxHeaderBytes else { return .reject(Replies.headerTooLarge) }
        if !keepsResults { clean() }
        return start(plan)
    }

    func clean() {
        edits = HeaderCleaner(authservID: context.policy.authservID).removals(from: header)
        readMarker()
    }

    func start(_ makePlan: (MessageFacts) throws -> [CopyPlan]) -> Reply {
        do {
            let facts = MessageFacts(sender: envelope.sender, header: header)
            let found = try context.keys.forOneMessage { try makePlan(facts) }
            plan = found.count == 1 ? found[0].plan : Plan(common: found.map(\.plan))
            rules = found.flatMap(\.rules)
            inbound = found[0].inbound
            if try found.count > 1 || mayHaveBegun(found[0]) { copies = found }
        } catch {
            record.reasons.append("key store: \(error)")
            return .tempfail(Replies.failure)
        }
        record.copies = max(1, copies.count)
        record.rules = plan.rules
        record.reasons += plan.reasons
        record.plan = plan.label
        record.keyIDs = plan.keyIDs
        // guardd's own mail is never refused, or a rule could lock a user out; whether it is, the body tells.
        if let refusal = plan.refusal, marker?.kind != .own { return .refusing(refusal) }
        var reply = plan.isEmpty && copies.isEmpty ? startInspection() : startProtection()
        // What is written of a message at rest is what was found before it was encrypted.
        if inbound == .encrypt, reply == .proceed, !plan.isEmpty { reply = startInspection() }
        if marker != nil { wantsBody = true }
        guard reply == .proceed else { return reply }
        if wantsBody {
            guard reserve(cost) else { return .tempfail(Replies.busy) }
            return .proceed
        }
        if edits.isEmpty, !writesResult {
            settle()
            passing = wayOfUnchanged
            return .accept
        }
        return .skipBody
    }

    /// A marker counts only where our own output may come back; anywhere else somebody pasted it. Mail of our own may
    /// come from this machine too.
    func readMarker() {
        let found = header.filter { $0.isNamed(Marker.name) }
        guard !found.isEmpty else { return }
        let isPeer =
            client.map { address in context.policy.reinjectionPeers.contains { $0.contains(address) } } ?? false
        guard context.markerKey != nil, found.count == 1,
            let marker = found.first.flatMap({ Marker(parsing: $0.rawValue) }),
            isPeer || (marker.kind == .own && (client?.isLoopback ?? true))
        else {
            record.reasons.append("removed a marker that does not count here")
            return
        }
        guard let digest = try? Digest(.sha256) else { return }
        self.marker = marker
        bodyDigest = digest
    }

    func startProtection() -> Reply {
        walker = AlreadyProtectedWalker(header: header)
        if let refusal = plan.refusalUnlessProtected, walker == nil, marker == nil { return .refusing(refusal) }
        wantsBody = true
        if !copies.isEmpty { return startCopies() }
        if !plan.guests.isEmpty { return startHolding() }
        guard let protection = plan.protection else { return .proceed }
        do {
            var options = ProtectOptions()
            options.spoolDirectory = context.spoolDirectory
            protector = try Protector(header: header, protection: protection, time: context.now(), options: options)
            return .proceed
        } catch {
            return failedProtection(error)
        }
    }

    func startHolding() -> Reply {
        var edited = EditedHeader(header)
        for edit in edits + bodyChangeEdits { edited.apply(edit) }
        let copy = Spool(directory: context.spoolDirectory)
        do {
            try copy.append(edited.serialized + [0x0D, 0x0A])
        } catch {
            record.reasons.append("guests: \(error)")
            return .tempfail(Replies.failure)
        }
        guestCopy = copy
        return .proceed
    }

    // MARK: - Body

    func push(_ bytes: Span<UInt8>) -> Reply {
        record.bytes += bytes.count
        guard wantsBody else { return .skipBody }
        bodyDigest?.update(bytes)
        walker?.push(bytes)
        while reserved < cost { guard reserve(MessageState.step) else { return .tempfail(Replies.busy) } }
        do { try inspector?.push(bytes) } catch { return failedInspection(error) }
        do {
            try protector?.push(bytes)
            try copyWork?.push(bytes)
            try guestCopy?.append(bytes)
        } catch { return failedProtection(error) }
        return .proceed
    }

    /// Each copy is held in memory as far as it is short, and what protection adds to it. What must be seen whole may be held
    /// whole.
    private var cost: Int {
        let one = MessageState.cost(of: headerCost + record.bytes)
        guard inspector == nil else {
            return one + (record.bytes <= context.policy.maxInspectSize ? record.bytes : 0)
        }
        return (isGroup ? 1 : max(1, copies.count)) * one
    }

    func reserve(_ count: Int) -> Bool {
        guard context.budget.reserve(count) else { return false }
        reserved += count
        return true
    }

    // MARK: - End of message

    /// - Parameter isBodyRepaired: whether line ends in the body are not those that came.
    func finish(isBodyRepaired: Bool = false) -> Outcome {
        if isOwnOutput() {
            record.result = .marked
            if context.policy.isAsserted {
                edits.removeAll { edit in
                    if case .remove(let name, _) = edit { name.lowercased() == Marker.name.lowercased() } else { false }
                }
            }
            return accepted(.ownOutput)
        }
        if let refusal = plan.refusal { return refused(.refusing(refusal)) }
        if let found = walker?.finish(), found == .protected {
            if let refusal = judge(isBodyRepaired: isBodyRepaired) { return refusal }
            record.result = .alreadyProtected
            record.keyIDs = []
            return accepted(.encrypted(found))
        }
        if let refusal = plan.refusalUnlessProtected { return refused(.refusing(refusal)) }
        if let copyWork { return deliver(copyWork) }
        if let guestCopy { return hold(guestCopy) }
        if let protector {
            if let refusal = judge(isBodyRepaired: isBodyRepaired) { return refusal }
            do {
                return try deliver(protector.finish())
            } catch {
                let reply = failedProtection(error)
                return reply == .proceed ? accepted(.allowed(rules)) : refused(reply)
            }
        }
        if let refusal = judge(isBodyRepaired: isBodyRepaired) { return refusal }
        if let opened = inspector?.opened {
            self.opened = opened
            record.result = .opened
            return Outcome(edits: edits + opened.headerEdits, body: opened.body, reply: .accept)
        }
        return accepted(wayOfUnchanged)
    }

    func isOwnOutput() -> Bool {
        guard let marker, let key = context.markerKey, let digest = bodyDigest?.finish() else { return false }
        let isCovered =
            (try? marker.covers(
                key: key, bodyDigest: digest, recipients: envelope.recipients.map(\.text), now: context.now().seconds))
            ?? false
        if !isCovered { record.reasons.append("removed a marker that does not fit the message") }
        return isCovered
    }

    /// What no longer fits once the body is another one, and what a protected message must not tell.
    var bodyChangeEdits: [HeaderEdit] {
        var edits = HeaderCleaner.removals(from: header) { $0.isNamed("Bcc") || $0.isNamed("Resent-Bcc") }
        let policy = context.policy
        if policy.removesOwnDKIM {
            edits += HeaderCleaner.removals(from: header) { DKIMField.isOwn($0, domains: policy.localDomains) }
        }
        return edits
    }

    /// Hands the message to whoever keeps it; the original is dropped once it is kept.
    func hold(_ message: Spool) -> Outcome {
        guard let desk = context.guests else {
            return refused(.reject(Replies.noGuests(plan.guests.first?.canonical ?? "")))
        }
        var sender: EmailAddress?
        if case .address(let address) = envelope.sender { sender = address }
        switch desk.hold(message, for: plan.guests, from: sender) {
        case .held:
            record.result = .held
            return Outcome(edits: [], body: nil, reply: .discard)
        case .refused(let reply):
            record.reasons.append("guests: \(reply.text)")
            return refused(.refusing(reply))
        }
    }

    func deliver(_ protected: ProtectedMessage) throws -> Outcome {
        let policy = context.policy
        var edits = edits + bodyChangeEdits
        edits += protected.headerEdits
        edits += try markerEdits(protected.body, for: envelope.recipients)
        let added = edits.reduce(0) { sum, edit in
            switch edit {
            case .insert(_, let name, let value), .append(let name, let value):
                sum + name.utf8.count + value.utf8.count + 3
            case .remove, .replace: sum
            }
        }
        if record.direction == .outbound, policy.messageSizeLimit > 0,
            headerBytes + added + protected.body.count > policy.messageSizeLimit
        {
            return refused(.reject(Replies.tooLarge(policy.messageSizeLimit)))
        }
        record.result = .protected
        self.protected = protected
        return Outcome(edits: edits, body: protected.body, reply: .accept)
    }

    /// The marker of what was made, where somebody asks for it later.
    func markerEdits(_ body: Spool, for recipients: [Envelope.Recipient]) throws -> [HeaderEdit] {
        let policy = context.policy
        guard inbound != .encrypt, let key = context.markerKey, !policy.reinjectionPeers.isEmpty || policy.isAsserted
        else { return [] }
        let digest = try Digest(.sha256)
        try body.forEachChunk { digest.update($0) }
        let expiry = context.now().seconds + policy.markerLifetime
        return try Marker(
            key: key, bodyDigest: digest.finish(), recipients: recipients.map(\.text), expiry: expiry
        ).map { [.insert(index: 0, name: Marker.name, value: $0.value)] } ?? []
    }

    /// The record of a message that goes on without a new body.
    func settle() {
        if let verdict {
            record.result = .inspected
            record.verdict = verdict.status.rawValue
            record.reasons += verdict.reasons.map(\.description)
            record.keyIDs = verdict.signatures.compactMap { $0.keyID?.hex }
        } else {
            record.result = plan.isDowngraded ? .clear : .passed
        }
    }

    var wayOfUnchanged: Passing {
        record.direction == .inbound && rules.isEmpty ? .inspected(plan) : .allowed(rules)
    }

    func accepted(_ way: Passing) -> Outcome {
        passing = way
        return Outcome(edits: edits, body: nil, reply: .accept)
    }

    /// The message as it leaves, for whoever sends it on; nil where it may not.
    ///
    /// - Parameters:
    ///   - outcome: that of this message, which was accepted.
    ///   - original: the body as it came.
    func released(_ outcome: Outcome, original: Spool, trace: [(name: String, value: String)]) -> Released? {
        var route = envelope.route(to: envelope.recipients)
        route.trace = trace
        var edited = EditedHeader(header)
        for edit in outcome.edits { edited.apply(edit) }
        if let protected { return Released(protected, header: edited, route: route) }
        if let opened { return Released(opened, header: edited, route: route) }
        guard let passing else { return nil }
        if case .allowed = passing {
            for edit in HeaderCleaner.removals(
                from: edited.fields, where: { $0.isNamed("Bcc") || $0.isNamed("Resent-Bcc") })
            {
                edited.apply(edit)
            }
        }
        return Released(original, passing: passing, header: edited, route: route)
    }

    func refused(_ reply: Reply) -> Outcome { Outcome(edits: [], body: nil, reply: reply) }

    // MARK: - Failures

    /// `proceed` when the message may go unsigned instead.
    func failedProtection(_ error: any Error) -> Reply {
        protector = nil
        record.reasons.append("protection: \(error)")
        guard let error = error as? ProtectedMailError, plan.protection?.encrypts == false,
            error.isAboutSigning
        else { return .tempfail(Replies.failure) }
        guard plan.mayDropSignature else {
            return .reject(
                SMTPReply(
                    code: 550, enhanced: "5.7.1", text: "the message cannot be signed as its rule requires: \(error)"))
        }
        record.result = .clear
        record.plan = "none"
        record.keyIDs = []
        return .proceed
    }
}
