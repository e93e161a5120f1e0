import Libcrypto
import MIME
import ProtectedMail

/// A message that comes as one stream, header and body, and whose direction is declared. At the end it falls into groups,
/// each of which leaves in its own form or is refused without a word about the others; where there is one answer for all
/// recipients, there is one group.
public final class ProxyMessage: ProxiedMessage {
    /// Whose answer is whose.
    public enum Answers: Sendable {
        /// Each recipient has one (LMTP).
        case each
        /// There is one for all (SMTP): a message that needs several copies leaves by `redelivery`, or is refused where there
        /// is none.
        case one(redelivery: (any Redelivery)?)
    }

    private struct Work {
        let state: MessageState
        let positions: [Int]
        /// The end, where it came before that of the message.
        var early: Outcome?
    }

    public var trace: [(name: String, value: String)] = []

    private let context: SessionContext
    private let declaration: ProxyDeclaration
    private let hasOneAnswer: Bool
    private let client: ClientAddress?
    /// The message before it falls into groups, and its record where it never does.
    private let whole: MessageState
    /// nil once the header has ended.
    private var header: HeaderCollector? = HeaderCollector()
    private let original: Spool
    private var work: [Work] = []
    /// The answer for everybody.
    private var refusal: SMTPReply?
    private var reserved = 0
    private var headerSize = 0
    private var isOver = false

    /// - Parameters:
    ///   - client: who is connected, and not whom they speak for; nil for a local socket.
    ///   - queueID: the mail server's name for the message, for the log.
    public init(
        context: SessionContext, declaration: ProxyDeclaration, answers: Answers = .each, client: ClientAddress?,
        queueID: String = "-"
    ) {
        var context = context
        // The copies go to the proxy's own next hop.
        switch answers {
        case .each:
            context.redelivery = nil
            hasOneAnswer = false
        case .one(let redelivery):
            context.redelivery = redelivery
            hasOneAnswer = true
        }
        self.context = context
        self.declaration = declaration
        self.client = client
        whole = MessageState(context: context, client: client)
        whole.record.queueID = queueID
        whole.record.direction = declaration.direction
        original = Spool(directory: context.spoolDirectory)
    }

    deinit {
        abort()
        context.budget.release(reserved)
        for work in work { work.state.release() }
    }

    public func sender(_ path: [UInt8], _ parameters: [[UInt8]]) -> SMTPReply? {
        whole.envelope.setSender(path: path, parameters: parameters)
        if context.isDraining() { return Replies.draining }
        return context.budget.isExhausted ? Replies.busy : nil
    }

    public func recipient(_ path: [UInt8], _ parameters: [[UInt8]]) {
        var recipient = Envelope.Recipient(path: path, resolved: nil, parameters: parameters)
        recipient.position = whole.envelope.recipients.count
        whole.envelope.recipients.append(recipient)
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

    public func abort() {
        guard !isOver else { return }
        isOver = true
        for state in work.isEmpty ? [whole] : work.map(\.state) {
            state.record.result = .aborted
            context.log(state.finishedRecord())
        }
    }

    // MARK: - Header

    private func endHeader() {
        guard let collector = header else { return }
        header = nil
        guard let (fields, rest) = collector.split() else {
            refusal = Replies.headerTooLarge
            return
        }
        headerSize = fields.reduce(0) { $0 + $1.nameBytes.count + $1.rawValue.count }
        guard reserve() else { return }
        do {
            let facts = MessageFacts(sender: whole.envelope.sender, header: fields)
            let planner = Planner(
                policy: policy, keys: context.keys, now: context.now(), facts: facts,
                direction: declaration.direction, login: nil, isOriginKnown: declaration.maySign)
            for field in fields { whole.add(field) }
            let recipients = whole.envelope.recipients
            work =
                hasOneAnswer
                ? [begin(try planner.copies(for: recipients), for: recipients, fields)]
                : try planner.groups(for: recipients).map { begin([$0], for: $0.recipients, fields) }
        } catch {
            whole.record.reasons.append("key store: \(error)")
            refusal = Replies.failure
            return
        }
        // Where a line is no field the body has begun before the blank line.
        if !rest.isEmpty { pushBody(rest.span) }
    }

    /// Counts what came so far; false, and a refusal, where there is no room for it.
    private func reserve() -> Bool {
        while reserved < MessageState.cost(of: headerSize + original.count) {
            guard context.budget.reserve(MessageState.step) else {
                refusal = Replies.busy
                return false
            }
            reserved += MessageState.step
        }
        return true
    }

    /// The policy as it is where the copies go: whether there can be several is not the milter's affair here.
    private var policy: Policy {
        var policy = context.policy
        if hasOneAnswer { policy.splitting = context.redelivery == nil ? nil : policy.splitting ?? Splitting() }
        return policy
    }

    private func begin(
        _ plans: [CopyPlan], for recipients: [Envelope.Recipient], _ fields: [HeaderField]
    ) -> Work {
        var context = context
        context.policy = policy
        let state = MessageState(context: context, client: client)
        state.envelope = whole.envelope
        state.envelope.recipients = recipients
        state.record.queueID = whole.record.queueID
        state.isGroup = !hasOneAnswer
        state.proxyTrace = trace
        state.takeHeader(of: whole)
        let isKnown =
            declaration.trustsVerdicts && declaration.direction == .inbound
            // What is to be opened has to be judged anew by what is inside.
            && plans.allSatisfy { $0.rules.isEmpty && $0.inbound != .decrypt }
            && fields.contains { $0.isNamed(VerdictField.name) }
        state.inspects = !isKnown
        var work = Work(state: state, positions: recipients.compactMap(\.position))
        end(&work, with: state.begin(declaration.direction, keepsResults: isKnown) { _ in plans })
        return work
    }

    private func end(_ work: inout Work, with reply: Reply) {
        switch reply {
        case .proceed, .skipBody: break
        case .accept, .discard, .reject, .tempfail: work.early = Outcome(edits: [], body: nil, reply: reply)
        }
    }

    // MARK: - Body

    private func pushBody(_ bytes: Span<UInt8>) {
        guard refusal == nil, !bytes.isEmpty else { return }
        do { try original.append(bytes) } catch {
            whole.record.reasons.append("spool: \(error)")
            refusal = Replies.failure
            return
        }
        guard reserve() else { return }
        for index in work.indices where work[index].early == nil {
            end(&work[index], with: work[index].state.push(bytes))
        }
    }

    // MARK: - End

    public func finish(isBodyRepaired: Bool = false) -> [ProxyGroup] {
        if !isOver, refusal == nil { endHeader() }
        if !isOver, let refusal { return refuseAll(refusal) }
        guard !isOver, !work.isEmpty else { return refuseAll(Replies.failure) }
        isOver = true
        defer { for work in work { context.log(work.state.finishedRecord()) } }
        var extra: [ProxyGroup] = []
        // A copy that a rule asks for and that cannot be made stops the message; so it has to be known first.
        for work in work where work.positions.isEmpty {
            let group = finish(work, isBodyRepaired)
            if case .refused(let reply) = group.outcome {
                for other in self.work where !other.positions.isEmpty { other.state.note(.refusing(reply)) }
                return everybody(.refused(reply))
            }
            // Those who are not in the envelope get what was made for them, and not what came.
            if work.state.record.result == .protected { extra.append(group) }
        }
        let groups = work.filter { !$0.positions.isEmpty }.map { finish($0, isBodyRepaired) }
        let isReleased = groups.contains { if case .released = $0.outcome { true } else { false } }
        return groups + (isReleased ? extra : [])
    }

    private func finish(_ work: Work, _ isBodyRepaired: Bool) -> ProxyGroup {
        let outcome = work.early ?? work.state.finish(isBodyRepaired: isBodyRepaired)
        work.state.note(outcome.reply)
        func group(_ outcome: ProxyGroup.Outcome) -> ProxyGroup {
            ProxyGroup(positions: work.positions, outcome: outcome)
        }
        switch outcome.reply {
        case .discard: return group(.done)
        case .reject(let reply), .tempfail(let reply): return group(.refused(reply))
        case .proceed, .accept, .skipBody:
            guard let released = work.state.released(outcome, original: original, trace: trace) else {
                work.state.note(.reject(Replies.notInClear))
                return group(.refused(Replies.notInClear))
            }
            return group(.released(released))
        }
    }

    private func refuseAll(_ reply: SMTPReply) -> [ProxyGroup] {
        if !isOver {
            isOver = true
            for state in work.isEmpty ? [whole] : work.map(\.state) {
                if state !== whole { state.record.reasons += whole.record.reasons }
                state.note(.refusing(reply))
                context.log(state.finishedRecord())
            }
        }
        return everybody(.refused(reply))
    }

    private func everybody(_ outcome: ProxyGroup.Outcome) -> [ProxyGroup] {
        [ProxyGroup(positions: Array(whole.envelope.recipients.indices), outcome: outcome)]
    }
}
