import Libcrypto
import MIME
import ProtectedMail

/// One message on its way through a proxy: where it is going is declared, its recipients are known and each has an answer
/// of their own. It comes as one stream, header and body; at the end it falls into groups, each of which leaves in its own
/// form or is refused without a word about the others.
///
/// For one thread. The order is ``sender(_:_:)``, ``recipient(_:_:)`` for each, ``push(_:)`` and ``finish(isBodyRepaired:)``.
/// Memory stays reserved until the object goes: keep it for as long as what it released is being sent.
public final class ProxyMessage {
    /// Octets of the header that are waited for; how much of it is taken is up to the message.
    private static let maxHeader = (1 << 20) + (64 << 10)

    private struct Work {
        let state: MessageState
        let positions: [Int]
        /// The end, where it came before that of the message.
        var early: Outcome?
    }

    /// Attributes of XFORWARD for the next hop; they decide nothing.
    public var trace: [(name: String, value: String)] = []

    private let context: SessionContext
    private let declaration: ProxyDeclaration
    private let client: ClientAddress?
    /// The message before it falls into groups, and its record where it never does.
    private let whole: MessageState
    /// nil once the header has ended.
    private var header: [UInt8]? = []
    private var lineStart = 0
    private let original: Spool
    private var work: [Work] = []
    /// The answer for everybody.
    private var refusal: SMTPReply?
    private var reserved = 0
    private var isOver = false

    /// - Parameters:
    ///   - client: who is connected, and not whom they speak for; nil for a local socket.
    ///   - queueID: the mail server's name for the message, for the log.
    public init(
        context: SessionContext, declaration: ProxyDeclaration, client: ClientAddress?, queueID: String = "-"
    ) {
        var context = context
        // The copies go to the proxy's own next hop.
        context.redelivery = nil
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

    /// MAIL, with its ESMTP parameters. Returns why no message can be taken now; nil where one can.
    public func sender(_ path: [UInt8], _ parameters: [[UInt8]]) -> SMTPReply? {
        whole.envelope.setSender(path: path, parameters: parameters)
        if context.isDraining() { return Replies.draining }
        return context.budget.isExhausted ? Replies.busy : nil
    }

    /// RCPT of a recipient whom the next hop accepts; they are counted from 0.
    public func recipient(_ path: [UInt8], _ parameters: [[UInt8]]) {
        var recipient = Envelope.Recipient(path: path, resolved: nil, parameters: parameters)
        recipient.position = whole.envelope.recipients.count
        whole.envelope.recipients.append(recipient)
    }

    /// A piece of the message, line ends CRLF.
    public func push(_ bytes: Span<UInt8>) {
        guard refusal == nil, !isOver else { return }
        guard header != nil else { return pushBody(bytes) }
        // Taken out, so that adding to it copies nothing.
        var header = self.header ?? []
        self.header = []
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            header.append(byte)
            index += 1
            guard byte == 0x0A || header.count > Self.maxHeader else { continue }
            let line = header[lineStart...]
            lineStart = header.count
            if line.elementsEqual([0x0D, 0x0A]) || line.elementsEqual([0x0A]) || header.count > Self.maxHeader {
                endHeader(header)
                pushBody(bytes.extracting(index..<bytes.count))
                return
            }
        }
        self.header = header
    }

    /// The client broke off: nothing leaves.
    public func abort() {
        guard !isOver else { return }
        isOver = true
        for state in work.isEmpty ? [whole] : work.map(\.state) {
            state.record.result = .aborted
            context.log(state.finishedRecord())
        }
    }

    // MARK: - Header

    private func endHeader(_ bytes: [UInt8]) {
        header = nil
        var limits = Limits.standard
        limits.maxHeaderBytes = Self.maxHeader + 1
        limits.maxLineLength = Self.maxHeader + 1
        guard let (fields, rest) = try? splitMessage(bytes, limits: limits) else {
            refusal = Replies.headerTooLarge
            return
        }
        guard context.budget.reserve(MessageState.baseCost) else {
            refusal = Replies.busy
            return
        }
        reserved = MessageState.baseCost
        do {
            let facts = MessageFacts(sender: whole.envelope.sender, header: fields)
            let plans = try Planner(
                policy: context.policy, keys: context.keys, now: context.now(), facts: facts,
                direction: declaration.direction, login: nil, isOriginKnown: declaration.maySign
            ).groups(for: whole.envelope.recipients)
            for field in fields { whole.add(field) }
            work = plans.map { begin($0, fields) }
        } catch {
            whole.record.reasons.append("key store: \(error)")
            refusal = Replies.failure
            return
        }
        // Where a line is no field the body has begun before the blank line.
        if !rest.isEmpty { pushBody(rest.span) }
    }

    private func begin(_ plan: CopyPlan, _ fields: [HeaderField]) -> Work {
        let state = MessageState(context: context, client: client)
        state.envelope = whole.envelope
        state.envelope.recipients = plan.recipients
        state.record.queueID = whole.record.queueID
        state.isGroup = true
        state.takeHeader(of: whole)
        let isKnown =
            declaration.trustsVerdicts && declaration.direction == .inbound && plan.plan.isEmpty && plan.rules.isEmpty
            && fields.contains { $0.isNamed(VerdictField.name) }
        state.inspects = !isKnown
        var work = Work(state: state, positions: plan.recipients.compactMap(\.position))
        end(&work, with: state.begin(declaration.direction, keepsResults: isKnown) { _ in [plan] })
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
        for index in work.indices where work[index].early == nil {
            end(&work[index], with: work[index].state.push(bytes))
        }
    }

    // MARK: - End

    /// The groups; every recipient is in exactly one.
    ///
    /// - Parameter isBodyRepaired: whether line ends in the body came as something else than CRLF. What was signed there is
    ///   then not what came, and verifies as `fail`.
    public func finish(isBodyRepaired: Bool = false) -> [ProxyGroup] {
        if !isOver, refusal == nil, let header { endHeader(header) }
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
        case .discard: return group(.held)
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
