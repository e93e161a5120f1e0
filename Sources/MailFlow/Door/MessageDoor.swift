public import MIME
import OpenPGP
public import ProtectedMail

/// The way of whole messages through the code of a ``Session``, for those that no mail server brings: one message gets
/// one verdict, and one protection, whichever door it comes through.
public struct MessageDoor: Sendable {
    private let context: SessionContext
    private static let piece = 64 << 10

    /// A door of the same snapshot as the sessions'.
    public init(context: SessionContext) {
        var context = context
        // A marker is a word between the mail server and us; what comes in by this door never gets or has one.
        context.markerKey = nil
        // Whoever hands one message in gets one back.
        context.policy.splitting = nil
        self.context = context
    }

    /// A message with its verdict.
    public struct Judged: Sendable {
        public var verdict: Verdict
        /// The message without forged results, with ours.
        public var message: [UInt8]
    }

    /// Judges a message as if it had come from outside.
    ///
    /// - Parameter reader: for whom alone, so that the keys that they keep count; nil for nobody's.
    /// - Throws: `MessageDoorError`.
    public func judge(_ message: [UInt8], for reader: EmailAddress? = nil) throws -> Judged {
        let (header, body) = try split(message)
        let state = MessageState(context: context, client: nil)
        state.envelope.recipients = (reader.map { [$0] } ?? []).map { Envelope.Recipient($0) }
        let result = try run(state, header, body, original: message) {
            state.begin(.inbound) { _ in [CopyPlan(recipients: [], plan: Plan(), rules: [])] }
        }
        return Judged(verdict: state.verdict ?? .none, message: result)
    }

    /// Protects a message as ordered. What is encrypted already stays as it is; `Bcc` fields always go.
    ///
    /// - Throws: `MessageDoorError`.
    public func protect(_ message: [UInt8], _ order: ProtectionOrder) throws -> [UInt8] {
        var (header, body) = try split(message)
        let blind = ["Bcc", "Resent-Bcc"]
        let fieldCount = header.count
        header.removeAll { field in blind.contains { field.isNamed($0) } }
        var context = context
        context.keys = OrderedKeys(base: context.keys, order: order)
        let state = MessageState(context: context, client: nil)
        state.envelope.sender = .address(order.sender)
        // A plan is made for recipients: without any the message would come back as it was, whatever was asked for.
        let recipients = order.recipients.isEmpty ? [order.sender] : order.recipients
        state.envelope.recipients = recipients.map { Envelope.Recipient($0) }
        return try run(state, header, body, original: header.count == fieldCount ? message : nil) {
            state.begin(.outbound, keepsResults: order.isAtRest) { facts in
                var policy = context.policy
                policy.rules = [try order.rule()]
                return try Planner(
                    policy: policy, keys: context.keys, now: context.now(), facts: facts, direction: .outbound,
                    login: order.sender.canonical, isOriginKnown: true
                ).copies(for: state.envelope.recipients)
            }
        }
    }

    private func split(_ message: [UInt8]) throws -> (header: [HeaderField], body: [UInt8]) {
        let limit = context.policy.messageSizeLimit
        guard limit == 0 || message.count <= limit else { throw MessageDoorError.tooLarge }
        guard let parts = try? splitMessage(message), !parts.header.isEmpty else {
            throw MessageDoorError.notAMessage
        }
        return parts
    }

    /// Takes a message through a state, events and all.
    ///
    /// - Parameter original: what to answer where nothing changes.
    private func run(
        _ state: MessageState, _ header: [HeaderField], _ body: [UInt8], original: [UInt8]?, begin: () -> Reply
    ) throws -> [UInt8] {
        guard !context.budget.isExhausted else { throw MessageDoorError.busy }
        state.record.queueID = "api"
        for field in header { state.add(field) }
        defer {
            state.release()
            context.log(state.finishedRecord())
        }
        var outcome = Outcome(edits: [], body: nil, reply: .accept)
        let reply = begin()
        try check(reply, state)
        if reply != .accept {
            for start in stride(from: 0, to: body.count, by: Self.piece) {
                try check(state.push(body[start..<min(body.count, start + Self.piece)].span), state)
            }
            outcome = state.finish()
            try check(outcome.reply, state)
        }
        if let original, outcome.edits.isEmpty, outcome.body == nil { return original }
        return try assemble(header, outcome, body)
    }

    private func assemble(_ header: [HeaderField], _ outcome: Outcome, _ body: [UInt8]) throws -> [UInt8] {
        var edited = EditedHeader(header)
        for edit in outcome.edits { edited.apply(edit) }
        var bytes = edited.serialized + [0x0D, 0x0A]
        guard let new = outcome.body else { return bytes + body }
        do {
            try new.forEachChunk { chunk in
                bytes.reserveCapacity(bytes.count + chunk.count)
                for index in chunk.indices { bytes.append(chunk[index]) }
            }
        } catch {
            throw MessageDoorError.failed("\(error)")
        }
        return bytes
    }

    private func check(_ reply: Reply, _ state: MessageState) throws {
        switch reply {
        case .reject(let text), .tempfail(let text): throw refusal(state, text)
        case .discard: throw MessageDoorError.failed("the message was split")
        case .proceed, .skipBody, .accept: break
        }
    }

    private func refusal(_ state: MessageState, _ reply: SMTPReply) -> MessageDoorError {
        state.record.result = reply.code >= 500 ? .rejected : .deferred
        state.record.reply = "\(reply.code) \(reply.enhanced) \(reply.text)"
        if !state.plan.missing.isEmpty { return .missingKeys(state.plan.missing) }
        if reply == Replies.busy { return .busy }
        if reply.code == 552 { return .tooLarge }
        return reply.code >= 500 ? .noSignature(reply.text) : .failed(state.record.reasons.last ?? reply.text)
    }
}
