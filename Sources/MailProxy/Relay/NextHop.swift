import MailFlow

/// A proxy's way on: one connection, made when it is needed, and made again when it is gone. What goes wrong becomes the
/// reply for the client; what an administrator has to know goes to the log.
final class NextHop {
    private let settings: ClientSettings
    private let log: (String) -> Void
    private var connection: SMTPConnection?
    /// By when the copies of a message have to be delivered.
    var deadline = Deadline.none { didSet { connection?.deadline = deadline } }

    init(_ settings: ClientSettings, log: @escaping (String) -> Void) {
        self.settings = settings
        self.log = log
    }

    /// What the next hop can do.
    func capabilities() -> Result<Capabilities, ServiceRefusal> {
        do {
            let connection = try connection ?? SMTPConnection.open(settings)
            self.connection = connection
            return .success(connection.capabilities)
        } catch {
            return .failure(ServiceRefusal(ServerReply(code: 421, lines: answer(error).lines)))
        }
    }

    /// MAIL, before its recipients are known. Returns nil where the next hop takes the sender.
    func begin(
        _ path: SMTPPath, _ parameters: [[UInt8]], _ trace: [(name: String, value: String)]
    ) -> ServerReply? {
        do {
            if let connection {
                do {
                    try begin(path, parameters, trace, connection)
                    return nil
                } catch let error as MailProxyError {
                    // A connection that waited may be gone; whether the next hop is, a new one tells.
                    let isGone = error.code == .closed || error.code == .misuse || error.reply?.code == 421
                    guard isGone else { throw error }
                    self.connection = nil
                }
            }
            let connection = try SMTPConnection.open(settings)
            self.connection = connection
            try begin(path, parameters, trace, connection)
            return nil
        } catch {
            return answer(error)
        }
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

    /// RCPT in the transaction that is open: the next hop's answer.
    func add(_ path: SMTPPath, _ parameters: [[UInt8]]) -> ServerReply {
        guard let connection else { return Self.lost }
        do {
            return try connection.add(
                SMTPEnvelope.Recipient(
                    path, notify: OpenCopy.value("NOTIFY", parameters),
                    originalRecipient: OpenCopy.value("ORCPT", parameters)))
        } catch {
            return answer(error)
        }
    }

    /// The next hop's answers for the recipients of a copy: one for each, in their order.
    ///
    /// - Parameter isOpen: whether the transaction that is open has just these recipients.
    func deliver(_ released: Released, isOpen: Bool) -> [ServerReply] {
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
            let replies = try connection.send(released)
            if settings.flavour == .lmtp, replies.count < open.count {
                log(
                    "next hop \(settings.endpoint): \(open.count - replies.count) of \(open.count) answers did not come"
                )
                self.connection = nil
            }
            for (place, index) in open.enumerated() {
                // In SMTP one answer is everybody's.
                answers[index] = settings.flavour == .lmtp ? replies.dropFirst(place).first : replies.first
            }
            return answers.map { $0 ?? Self.lost }
        } catch {
            let reply = answer(error)
            return answers.map { $0 ?? reply }
        }
    }

    /// The transaction that is open will not be used; the next one says so to the next hop.
    func quit() {
        connection?.quit()
        connection = nil
    }

    static let lost = ServerReply(code: 451, lines: ["4.4.2 The next hop cannot be reached, try again later"])

    private func answer(_ error: any Error) -> ServerReply {
        guard let error = error as? MailProxyError else {
            log("next hop \(settings.endpoint): \(error)")
            return Self.lost
        }
        switch error.code {
        case .refused:
            // Before MAIL nothing is said about the message.
            if let reply = error.reply, reply.isRefusal, reply.code != 421, !error.step.isBeforeMail { return reply }
        case .unsupported, .unwritable:
            return ServerReply(code: 554, lines: ["5.6.3 The next hop cannot take this message"])
        case .unreachable, .closed, .timedOut, .nonsense, .tlsMissing, .tlsFailed, .misuse: break
        }
        log("next hop \(settings.endpoint): \(error)")
        connection = nil
        return Self.lost
    }
}
