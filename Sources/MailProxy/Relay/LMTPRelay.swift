public import MailFlow

/// One LMTP client's conversation, relayed live to an LMTP next hop: whether a sender or a recipient is taken is the next
/// hop's word, and after the content every recipient has its answer to the form of the message that is for them.
///
/// Nothing is accepted that is not durable elsewhere: every 250 is the next hop's, or that of whoever keeps mail for guests.
/// For one thread that may block.
public final class LMTPRelay {
    private let settings: ClientSettings
    private let declaration: ProxyDeclaration
    private let client: ClientAddress?
    private let context: () -> SessionContext
    private let log: (String) -> Void
    private var connection: SMTPConnection?
    private var message: ProxyMessage?
    /// Recipients that the next hop accepted.
    private var accepted = 0

    /// - Parameters:
    ///   - next: the next hop, which is spoken to in LMTP.
    ///   - client: who is connected; nil for a local socket.
    ///   - context: the snapshot for a new message.
    ///   - log: takes sentences for administrators.
    public init(
        to next: ClientSettings, declaration: ProxyDeclaration, client: ClientAddress?,
        context: @escaping () -> SessionContext, log: @escaping (String) -> Void
    ) {
        settings = next
        self.declaration = declaration
        self.client = client
        self.context = context
        self.log = log
    }

    // MARK: - Envelope

    /// MAIL, with the parameters as they came.
    ///
    /// - Parameter trace: attributes of XFORWARD that a declared peer sent.
    public func sender(
        _ path: SMTPPath, _ parameters: [[UInt8]], trace: [(name: String, value: String)] = []
    ) -> ServerReply {
        reset()
        let queueID = trace.first { $0.name == "IDENT" }?.value ?? "-"
        let message = ProxyMessage(context: context(), declaration: declaration, client: client, queueID: queueID)
        message.trace = trace
        if let refusal = message.sender(Array("\(path)".utf8), parameters) {
            message.abort()
            return ServerReply(refusal)
        }
        do {
            try begin(path, parameters, trace)
        } catch {
            message.abort()
            return answer(error)
        }
        self.message = message
        return ServerReply(code: 250, lines: ["2.1.0 Ok"])
    }

    private func begin(_ path: SMTPPath, _ parameters: [[UInt8]], _ trace: [(name: String, value: String)]) throws {
        if let connection {
            do { return try begin(path, parameters, trace, connection) } catch let error as MailProxyError {
                // A connection that waited may be gone; whether the next hop is, a new one tells.
                guard error.code == .closed || error.code == .misuse else { throw error }
                self.connection = nil
            }
        }
        let connection = try SMTPConnection.open(settings)
        self.connection = connection
        try begin(path, parameters, trace, connection)
    }

    private func begin(
        _ path: SMTPPath, _ parameters: [[UInt8]], _ trace: [(name: String, value: String)],
        _ connection: SMTPConnection
    ) throws {
        var envelope = SMTPEnvelope(sender: path, recipients: [])
        // What the content will be nobody knows yet.
        envelope.hasEightBit = connection.capabilities.eightBitMIME
        envelope.hasUTF8Header = parameters.contains { $0.elementsEqual("SMTPUTF8".utf8) }
        envelope.dsnReturn = OpenCopy.value("RET", parameters)
        envelope.envelopeID = OpenCopy.value("ENVID", parameters)
        _ = try connection.begin(envelope, trace: trace)
    }

    /// RCPT: the next hop's answer.
    public func recipient(_ path: SMTPPath, _ parameters: [[UInt8]]) -> ServerReply {
        guard let message, let connection else { return Self.noTransaction }
        do {
            let reply = try connection.add(
                SMTPEnvelope.Recipient(
                    path, notify: OpenCopy.value("NOTIFY", parameters),
                    originalRecipient: OpenCopy.value("ORCPT", parameters)))
            guard reply.isPositive else { return reply }
            message.recipient(Array("\(path)".utf8), parameters)
            accepted += 1
            return reply
        } catch {
            return answer(error)
        }
    }

    // MARK: - Content

    /// DATA: 354, or why not.
    public func data() -> ServerReply {
        guard message != nil else { return Self.noTransaction }
        guard accepted > 0 else { return ServerReply(code: 554, lines: ["5.5.1 No valid recipients"]) }
        return ServerReply(code: 354, lines: ["Go ahead"])
    }

    /// A piece of the content, line ends CRLF, without the dots of the protocol.
    public func content(_ bytes: Span<UInt8>) { message?.push(bytes) }

    /// The answers for all accepted recipients, in their order.
    ///
    /// - Parameter isBodyRepaired: whether line ends in the body came as something else than CRLF.
    public func endOfData(isBodyRepaired: Bool) -> [ServerReply] {
        guard let message else { return [Self.noTransaction] }
        defer { reset() }
        let groups = message.finish(isBodyRepaired: isBodyRepaired)
        var answers = [ServerReply](repeating: Self.lost, count: accepted)
        var stop: ServerReply?
        // A copy that a rule adds must not be missing where others have theirs.
        for case .released(let extra) in groups.filter({ $0.positions.isEmpty }).map(\.outcome) {
            if let reply = deliver(extra).first(where: { !$0.isPositive }) {
                log("a copy that a rule adds was not taken: \(reply)")
                stop = reply
                break
            }
        }
        for group in groups where !group.positions.isEmpty {
            let replies: [ServerReply] =
                switch group.outcome {
                case .released where stop != nil: group.positions.map { _ in stop ?? Self.lost }
                case .refused(let reply): group.positions.map { _ in ServerReply(reply) }
                case .held: group.positions.map { _ in ServerReply(code: 250, lines: ["2.0.0 Ok"]) }
                case .released(let released):
                    deliver(released, isOpen: groups.count == 1 && group.positions.count == accepted)
                }
            for (position, reply) in zip(group.positions, replies) where answers.indices.contains(position) {
                answers[position] = reply
            }
        }
        return answers
    }

    /// The next hop's answer for each recipient of a copy.
    ///
    /// - Parameter isOpen: whether the transaction that is open has just these recipients.
    private func deliver(_ released: Released, isOpen: Bool = false) -> [ServerReply] {
        guard let connection else { return released.recipients.map { _ in Self.lost } }
        var answers: [ServerReply?] = released.recipients.map { _ in nil }
        do {
            let envelope = try OpenCopy(released, released.recipients, []).envelope()
            if isOpen {
                // Throws where the next hop cannot take what the message has become.
                _ = try CommandWriter(capabilities: connection.capabilities).mail(envelope)
            } else {
                answers = try connection.begin(envelope, trace: released.trace).map { $0.isPositive ? nil : $0 }
            }
            let open = answers.indices.filter { answers[$0] == nil }
            guard !open.isEmpty else { return answers.compactMap { $0 } }
            for (index, reply) in zip(open, try connection.send(released)) { answers[index] = reply }
            return answers.map { $0 ?? Self.lost }
        } catch {
            let reply = answer(error)
            return answers.map { $0 ?? reply }
        }
    }

    // MARK: - End

    /// RSET, or the client broke off: nothing is delivered.
    public func reset() {
        message = nil
        accepted = 0
    }

    /// The client is gone.
    public func closed() {
        reset()
        connection?.quit()
        connection = nil
    }

    private static let lost = ServerReply(code: 451, lines: ["4.4.2 The next hop cannot be reached, try again later"])
    private static let noTransaction = ServerReply(code: 503, lines: ["5.5.1 There is no transaction"])

    private func answer(_ error: any Error) -> ServerReply {
        guard let error = error as? MailProxyError else {
            log("next hop: \(error)")
            return Self.lost
        }
        switch error.code {
        case .refused: if let reply = error.reply, reply.isRefusal, reply.code != 421 { return reply }
        case .unsupported, .unwritable:
            return ServerReply(code: 554, lines: ["5.6.3 The next hop cannot take this message"])
        case .unreachable, .closed, .timedOut, .nonsense, .tlsMissing, .tlsFailed, .misuse: break
        }
        log("next hop: \(error)")
        connection = nil
        return Self.lost
    }
}

extension ServerReply {
    init(_ reply: SMTPReply) { self.init(code: reply.code, lines: ["\(reply.enhanced) \(reply.text)"]) }
}
