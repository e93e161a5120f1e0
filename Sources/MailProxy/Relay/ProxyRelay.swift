public import MailFlow

/// A client's conversation, relayed live to a next hop: whether a sender or a recipient is taken is the next hop's word, and
/// so is what becomes of the message in the form that it leaves in.
///
/// Nothing is accepted that is not durable elsewhere: every 250 is the next hop's, or that of whoever keeps mail for guests.
public final class ProxyRelay: ServerSession {
    /// Whose answer follows the content.
    public enum Answers: Sendable { case one, each }

    private let hop: NextHop
    private let answers: Answers
    private let budget: Double
    private let makeMessage: (_ queueID: String) -> any ProxiedMessage
    private let log: (String) -> Void
    private var message: (any ProxiedMessage)?
    /// Recipients that the next hop accepted.
    private var accepted = 0

    /// - Parameters:
    ///   - next: the next hop. For ``Answers/each`` it is spoken to in LMTP, or has one answer for everybody.
    ///   - budget: seconds for all groups of a message together, where there are several with answers of their own. The client
    ///     must not give up in the meantime: those who have theirs would get it again.
    ///   - log: takes sentences for administrators.
    ///   - message: makes what treats a new message; its argument is the mail server's name for it.
    public init(
        to next: ClientSettings, answers: Answers, budget: Double = 120, log: @escaping (String) -> Void,
        message: @escaping (_ queueID: String) -> any ProxiedMessage
    ) {
        hop = NextHop(next, log: log)
        self.answers = answers
        self.budget = budget
        self.log = log
        makeMessage = message
    }

    // MARK: - Envelope

    public func hello() -> Result<Capabilities, ServiceRefusal> { hop.capabilities() }

    public func sender(
        _ path: SMTPPath, _ parameters: [[UInt8]], trace: [(name: String, value: String)]
    ) -> ServerReply {
        reset()
        let message = makeMessage(trace.first { $0.name == "IDENT" }?.value ?? "-")
        message.trace = trace
        let refusal =
            message.sender(Array("\(path)".utf8), parameters).map { ServerReply($0) }
            ?? hop.begin(path, parameters, trace)
        if let refusal {
            message.abort()
            return refusal
        }
        self.message = message
        return ServerReply(code: 250, lines: ["2.1.0 Ok"])
    }

    public func recipient(_ path: SMTPPath, _ parameters: [[UInt8]]) -> ServerReply {
        guard let message else { return Self.noTransaction }
        let reply = hop.add(path, parameters)
        if reply.isPositive {
            message.recipient(Array("\(path)".utf8), parameters)
            accepted += 1
        }
        return reply
    }

    // MARK: - Content

    public func data() -> ServerReply {
        guard message != nil else { return Self.noTransaction }
        return ServerReply(code: 354, lines: ["Go ahead"])
    }

    public func content(_ bytes: Span<UInt8>) { message?.push(bytes) }

    public func endOfData(isBodyRepaired: Bool) -> [ServerReply] {
        guard let message else { return [Self.noTransaction] }
        defer { reset() }
        let groups = message.finish(isBodyRepaired: isBodyRepaired)
        return switch answers {
        case .one: [answerForAll(groups)]
        case .each: answerForEach(groups)
        }
    }

    /// A refusal of anybody is the refusal of all, and nothing has left by then.
    private func answerForAll(_ groups: [ProxyGroup]) -> ServerReply {
        var refusals: [SMTPReply] = []
        var copies: [Released] = []
        for group in groups {
            switch group.outcome {
            case .refused(let reply): refusals.append(reply)
            case .released(let released): copies.append(released)
            case .done: break
            }
        }
        // One that may change goes first: the others will be heard the next time.
        if let refusal = refusals.first(where: { $0.code < 500 }) ?? refusals.first { return ServerReply(refusal) }
        guard let copy = copies.first else { return Self.done }
        guard copies.count == 1 else {
            log("a message with one answer fell into \(copies.count) groups")
            return NextHop.lost
        }
        return hop.deliver(copy, isOpen: copy.recipients.count == accepted).first ?? NextHop.lost
    }

    private func answerForEach(_ groups: [ProxyGroup]) -> [ServerReply] {
        var answers = [ServerReply](repeating: NextHop.lost, count: accepted)
        if groups.count > 1 { hop.deadline = Deadline(seconds: budget) }
        defer { hop.deadline = .none }
        let stop = deliverExtra(groups)
        for group in groups where !group.positions.isEmpty {
            let replies: [ServerReply] =
                switch group.outcome {
                case .released(let released):
                    stop.map { stop in group.positions.map { _ in stop } }
                        ?? hop.deliver(released, isOpen: groups.count == 1 && group.positions.count == accepted)
                case .refused(let reply): group.positions.map { _ in ServerReply(reply) }
                case .done: group.positions.map { _ in Self.done }
                }
            for (position, reply) in zip(group.positions, replies) where answers.indices.contains(position) {
                answers[position] = reply
            }
        }
        return answers
    }

    /// A copy that a rule adds must not be missing where others have theirs: why nothing is to be delivered.
    private func deliverExtra(_ groups: [ProxyGroup]) -> ServerReply? {
        for case .released(let extra) in groups.filter({ $0.positions.isEmpty }).map(\.outcome) {
            if let reply = hop.deliver(extra, isOpen: false).first(where: { !$0.isPositive }) {
                log("a copy that a rule adds was not taken: \(reply)")
                return reply
            }
        }
        return nil
    }

    // MARK: - End

    public func reset() {
        message = nil
        accepted = 0
    }

    public func closed() {
        reset()
        hop.quit()
    }

    private static let done = ServerReply(code: 250, lines: ["2.0.0 Ok"])
    private static let noTransaction = ServerReply(code: 503, lines: ["5.5.1 There is no transaction"])
}

extension ServerReply {
    init(_ reply: SMTPReply) { self.init(code: reply.code, lines: ["\(reply.enhanced) \(reply.text)"]) }
}
