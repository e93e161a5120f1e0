import Libcrypto
import MIME
import OpenPGP
import ProtectedMail

/// A message on its last step, with recipients as they finally are: nothing is changed, and who is under a rule with
/// `encrypt = "required"` gets it only if it is encrypted to a key of theirs. Aliases, forwards, bounces and copies that the
/// mail server adds come by no filter; they all come by here.
public final class AssertedMessage: ProxiedMessage {
    public var trace: [(name: String, value: String)] = []

    private let context: SessionContext
    private var envelope = Envelope()
    private var record = MessageRecord()
    private let startedAt: Int64
    /// nil once the header has ended.
    private var header: HeaderCollector? = HeaderCollector()
    private var fields: [HeaderField] = []
    private var walker: AlreadyProtectedWalker?
    private var digest: Digest?
    private let original: Spool
    private var refusal: SMTPReply?
    private var reserved = 0
    private var headerSize = 0
    private var isOver = false

    /// - Parameter queueID: the mail server's name for the message, for the log.
    public init(context: SessionContext, queueID: String = "-") {
        self.context = context
        startedAt = context.milliseconds()
        original = Spool(directory: context.spoolDirectory)
        record.queueID = queueID
        record.direction = .outbound
        record.plan = "assert"
    }

    deinit {
        abort()
        context.budget.release(reserved)
    }

    public func sender(_ path: [UInt8], _ parameters: [[UInt8]]) -> SMTPReply? {
        envelope.setSender(path: path, parameters: parameters)
        if context.isDraining() { return Replies.draining }
        return reserve() ? nil : Replies.busy
    }

    /// Counts what came so far; false where there is no room for it.
    private func reserve() -> Bool {
        while reserved < MessageState.cost(of: headerSize + original.count) {
            guard context.budget.reserve(MessageState.step) else { return false }
            reserved += MessageState.step
        }
        return true
    }

    public func recipient(_ path: [UInt8], _ parameters: [[UInt8]]) {
        envelope.recipients.append(Envelope.Recipient(path: path, resolved: nil, parameters: parameters))
    }

    public func push(_ bytes: Span<UInt8>) {
        guard refusal == nil, !isOver else { return }
        guard let end = header?.push(bytes) else {
            if header == nil { pushBody(bytes) }
            return
        }
        endHeader()
        pushBody(bytes.extracting(end..<bytes.count))
    }

    private func endHeader() {
        guard let collector = header else { return }
        header = nil
        guard let (fields, rest) = collector.split() else {
            refusal = Replies.headerTooLarge
            return
        }
        self.fields = fields
        headerSize = fields.reduce(0) { $0 + $1.nameBytes.count + $1.rawValue.count }
        walker = AlreadyProtectedWalker(header: fields, namesRecipients: true)
        if fields.contains(where: { $0.isNamed(Marker.name) }) { digest = try? Digest(.sha256) }
        if !rest.isEmpty { pushBody(rest.span) }
    }

    private func pushBody(_ bytes: Span<UInt8>) {
        guard refusal == nil, !bytes.isEmpty else { return }
        record.bytes += bytes.count
        walker?.push(bytes)
        digest?.update(bytes)
        do {
            try original.append(bytes)
            if !reserve() { refusal = Replies.busy }
        } catch {
            record.reasons.append("spool: \(error)")
            refusal = Replies.failure
        }
    }

    public func abort() {
        guard !isOver else { return }
        record.result = .aborted
        end()
    }

    // MARK: - End

    public func finish(isBodyRepaired: Bool) -> [ProxyGroup] {
        guard !isOver else { return [group(Array(envelope.recipients.indices), .refused(Replies.failure))] }
        if refusal == nil { endHeader() }
        defer { end() }
        if let refusal { return refuse(refusal) }
        do {
            return try judge()
        } catch {
            record.reasons.append("key store: \(error)")
            return refuse(Replies.failure)
        }
    }

    private func judge() throws -> [ProxyGroup] {
        let facts = MessageFacts(sender: envelope.sender, header: fields)
        var author: String?
        if case .address(let address) = facts.from { author = address.canonical }
        let planner = Planner(
            policy: context.policy, keys: context.keys, now: context.now(), facts: facts, direction: .outbound,
            // What its author keeps is a key of the recipient too.
            login: author, isOriginKnown: false)
        let concerns = planner.withRules(envelope.recipients)
        for rule in concerns.map(\.rule.name) where !record.rules.contains(rule) { record.rules.append(rule) }
        let readers = walker?.finish() == .protected ? walker?.recipients : nil
        record.keyIDs = readers?.keyIDs.prefix(20).map(\.hex) ?? []
        let marker = try Marker.covering(fields, digest?.finish(), context)
        let answers = try concerns.map { concern in
            Asserted(
                rule: concern.rule,
                isProtected: try concern.rule.encrypt != .required
                    || isReadable(by: concern.recipient, readers, planner, marker))
        }
        let held = answers.indices.filter { answers[$0].holds }
        var groups: [ProxyGroup] = []
        for index in answers.indices where !answers[index].holds {
            let reply = SMTPReply(
                code: 550, enhanced: "5.7.1",
                text:
                    "<\(envelope.recipients[index].text)>: rule '\(answers[index].rule.name)' requires encryption, and "
                    + "the message is \(readers == nil ? "not encrypted" : "encrypted to others")")
            note(reply)
            groups.append(group([index], .refused(reply)))
        }
        guard !held.isEmpty else { return groups }
        var route = envelope.route(to: held.map { envelope.recipients[$0] })
        route.trace = trace
        var edited = EditedHeader(fields)
        for edit in HeaderCleaner.removals(from: fields, where: { $0.isNamed(Marker.name) }) { edited.apply(edit) }
        guard
            let released = Released(
                original, passing: .asserted(held.map { answers[$0] }), header: edited, route: route)
        else { return refuse(Replies.notInClear) }
        return groups + [group(held, .released(released))]
    }

    private func isReadable(
        by recipient: Envelope.Recipient, _ readers: MessageRecipients?, _ planner: Planner,
        _ marker: (Envelope.Recipient) -> Marker.Kind?
    ) throws -> Bool {
        // What guardd wrote itself is never refused, or a rule could lock a user out.
        if marker(recipient) == .own { return true }
        guard let readers, let address = recipient.address else { return false }
        // A hidden recipient shows nothing; then only our own word counts that the body was made for them.
        if readers.keyIDs.contains(.wildcard), marker(recipient) == .output { return true }
        let named = Set(readers.keyIDs.filter { $0 != .wildcard })
        if !named.isEmpty {
            let known = try planner.certificates(for: address).filter { $0.provenance.bindsAddress }
            if known.contains(where: { $0.certificate.allKeys.contains { named.contains($0.keyID) } }) { return true }
        }
        guard !readers.certificates.isEmpty else { return false }
        return try planner.smimeRecipients(for: address).contains { known in
            readers.certificates.contains { $0.matches(known.certificate) }
        }
    }

    private func refuse(_ reply: SMTPReply) -> [ProxyGroup] {
        note(reply)
        return [group(Array(envelope.recipients.indices), .refused(reply))]
    }

    private func group(_ positions: [Int], _ outcome: ProxyGroup.Outcome) -> ProxyGroup {
        ProxyGroup(positions: positions, outcome: outcome)
    }

    private func note(_ reply: SMTPReply) {
        record.result = reply.code < 500 ? .deferred : .rejected
        record.reply = "\(reply.code) \(reply.enhanced) \(reply.text)"
    }

    private func end() {
        guard !isOver else { return }
        isOver = true
        record.recipients = envelope.recipients.count
        record.milliseconds = Int(clamping: context.milliseconds() - startedAt)
        context.log(record)
    }
}

/// What was found for a recipient of an ``AssertedMessage``.
struct Asserted {
    let rule: Rule
    /// Whether the message is encrypted to a key of theirs; not looked at where no rule asks.
    let isProtected: Bool

    var holds: Bool { rule.encrypt != .required || isProtected }
}
