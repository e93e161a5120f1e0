import Libcrypto
public import NIOCore
public import NIOPosix

/// One connection to a next hop, for one thread that blocks: any number of transactions, one after the other, in SMTP
/// (RFC 5321) or LMTP (RFC 2033).
///
/// A transaction may be held open between ``begin(_:)`` and ``send(_:)``, so that whoever has several connections can have
/// all recipients of all of them judged before the content of any is sent. After an error that is no refusal the connection
/// is closed and of no more use.
public final class SMTPConnection {
    public let settings: ClientSettings
    public private(set) var capabilities = Capabilities()
    public private(set) var isEncrypted = false
    /// The end of everything; each step ends by it whatever its own time.
    public var deadline: Deadline

    /// Transactions of one connection, after which it is not kept for more: some servers count them.
    static let maxMessages = 100

    private enum State {
        case ready
        case open(accepted: Int)
        case used, broken
        /// The link belongs to somebody else.
        case released
    }

    private let link: Link
    private var state = State.ready
    /// Whether it waited since its last message, and the server has not taken a sender yet: it may be gone.
    private(set) var isUntried = false
    /// Whether the last transaction was taken, or given up as it should be.
    private var isClean = false
    /// Attributes of XFORWARD that were given. A server may hold on to those that are not given anew.
    private var remembered: Set<String> = []
    private var messages = 0

    /// - Throws: ``MailProxyError``.
    init(
        _ settings: ClientSettings, deadline: Deadline, link: Link, greeting: Handover<ServerReply>
    ) throws {
        self.settings = settings
        self.deadline = deadline
        self.link = link
        try greet(greeting)
    }

    /// One that was ``release()``d.
    init(_ kept: KeptConnection, deadline: Deadline) {
        settings = kept.settings
        self.deadline = deadline
        link = kept.link
        capabilities = kept.capabilities
        isEncrypted = kept.isEncrypted
        remembered = kept.remembered
        messages = kept.messages
        isUntried = true
    }

    deinit {
        if case .released = state { return }
        link.close()
    }

    /// Connects and greets, with TLS as the settings say.
    /// - Throws: ``MailProxyError``.
    public static func open(
        _ settings: ClientSettings, deadline: Deadline = .none,
        on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) throws -> SMTPConnection {
        try SMTPOpening(settings, deadline: deadline, on: group).wait()
    }

    // MARK: - Greeting

    private func greet(_ greeting: Handover<ServerReply>) throws {
        let reply = try wait(greeting, .greeting, settings.timeouts.greeting)
        guard reply.code == 220 else { throw giveUp(refusal(reply, .greeting)) }
        try hello()
        guard settings.tls != .none else { return }
        guard capabilities.startTLS else {
            guard settings.tls == .may else {
                throw giveUp(MailProxyError(.tlsMissing, at: .startTLS, "\(settings.endpoint) does not offer STARTTLS"))
            }
            return
        }
        let answer = try command("STARTTLS", .startTLS)
        guard answer.code == 220 else {
            guard settings.tls == .may, answer.isRefusal else { throw giveUp(refusal(answer, .startTLS)) }
            return
        }
        try wait(link.startTLS(settings), .startTLS, settings.timeouts.command)
        // What the server said in clear text may be anybody's words.
        capabilities = Capabilities()
        try hello()
        isEncrypted = true
    }

    private func hello() throws {
        let word = settings.flavour == .lmtp ? "LHLO" : "EHLO"
        let reply = try command("\(word) \(settings.helloName)", .hello)
        if reply.code == 250 {
            capabilities = Capabilities(reply)
            return
        }
        guard reply.code >= 500, settings.flavour == .smtp else { throw giveUp(refusal(reply, .hello)) }
        let plain = try command("HELO \(settings.helloName)", .hello)
        guard plain.code == 250 else { throw giveUp(refusal(plain, .hello)) }
    }

    // MARK: - Transaction

    /// MAIL and all RCPTs, in one go where the server pipelines.
    ///
    /// - Parameter trace: attributes of XFORWARD, such as `("ADDR", "192.0.2.1")`, as far as the server takes them. What an
    ///   earlier transaction gave and this one does not is taken back.
    /// - Returns: for each recipient the answer, which may be a refusal.
    /// - Throws: ``MailProxyError``, `refused` where the sender is, after which the connection can be used again.
    public func begin(_ envelope: SMTPEnvelope, trace: [(name: String, value: String)] = []) throws -> [ServerReply] {
        switch state {
        case .ready: break
        case .open, .used: try reset()
        case .broken, .released: throw MailProxyError(.misuse, at: .mail, "the connection was given up")
        }
        isClean = false
        let writer = CommandWriter(capabilities: capabilities)
        var commands = [(try writer.mail(envelope), SMTPStep.mail)]
        for recipient in envelope.recipients { commands.append((try writer.recipient(recipient), .recipient)) }
        let names = Set(trace.map(\.name)).intersection(capabilities.xforward)
        let old = remembered.subtracting(names).sorted().map { (name: $0, value: "[UNAVAILABLE]") }
        commands.insert(contentsOf: writer.xforward(trace + old).map { ($0, .xforward) }, at: 0)
        let (hasRemembered, wasUntried) = (!remembered.isEmpty, isUntried)
        remembered.formUnion(names)
        state = .used
        messages += 1
        let replies = try exchange(commands)
        var answers: [ServerReply] = []
        for (reply, (_, step)) in zip(replies, commands) {
            switch step {
            case .xforward:
                if reply.isPositive { continue }
                guard reply.isRefusal else { throw giveUp(refusal(reply, step)) }
                if hasRemembered {
                    isUntried = wasUntried
                    throw giveUp(
                        MailProxyError(
                            .closed, at: step, "answered \(reply); it may know an earlier message's attributes"))
                }
                // Servers count errors, and leave after some.
                capabilities.xforward = []
            case .mail:
                if !reply.isPositive { throw refused(reply, step) }
            default:
                guard reply.isPositive || reply.isRefusal else { throw giveUp(refusal(reply, step)) }
                answers.append(reply)
            }
        }
        state = .open(accepted: answers.count { $0.isPositive })
        return answers
    }

    /// One more RCPT in the transaction that is open: ``begin(_:trace:)`` may have been called without recipients.
    ///
    /// - Returns: the answer, which may be a refusal.
    /// - Throws: ``MailProxyError``.
    public func add(_ recipient: SMTPEnvelope.Recipient) throws -> ServerReply {
        guard case .open(let accepted) = state else {
            throw MailProxyError(.misuse, at: .recipient, "there is no transaction")
        }
        let reply = try command(CommandWriter(capabilities: capabilities).recipient(recipient), .recipient)
        guard reply.isPositive || reply.isRefusal else { throw giveUp(refusal(reply, .recipient)) }
        state = .open(accepted: accepted + (reply.isPositive ? 1 : 0))
        return reply
    }

    /// DATA, the content, and the answer to it.
    ///
    /// - Parameter content: calls its argument with the octets of the message, line ends CR LF, piece by piece; each call
    ///   returns when the piece has left. What it throws gives the connection up: the message is not delivered.
    /// - Returns: the answers to the message, all of class 2, 4 or 5: one in SMTP, in LMTP one for each recipient that was
    ///   accepted, in their order. They are fewer where the connection broke between them; it is given up then, and of the
    ///   others nobody knows.
    /// - Throws: ``MailProxyError``, `refused` where DATA itself is, after which the connection can be used again.
    public func send(_ content: (_ write: ([UInt8]) throws -> Void) throws -> Void) throws -> [ServerReply] {
        guard case .open(let accepted) = state, accepted > 0 else {
            throw MailProxyError(.misuse, at: .data, "there is no recipient to send to")
        }
        state = .used
        // All are expected from the start: a server may answer the content before its end.
        let start = Handover<ServerReply>()
        let answers = (0..<(settings.flavour == .lmtp ? accepted : 1)).map { _ in Handover<ServerReply>() }
        link.send(try Self.line("DATA", .data), expecting: [start] + answers)
        let go = try wait(start, .data, settings.timeouts.data)
        guard go.code == 354 else {
            // After a 2xx nobody knows what the server takes for content.
            guard go.isRefusal else { throw giveUp(refusal(go, .data)) }
            link.withdraw(answers.count)
            throw refused(go, .data)
        }
        try write(content, answers.first)
        var replies: [ServerReply] = []
        for answer in answers {
            do {
                let reply = try wait(answer, .end, settings.timeouts.end)
                guard reply.isPositive || reply.isRefusal else { throw giveUp(refusal(reply, .end)) }
                replies.append(reply)
            } catch  where !replies.isEmpty {
                // Whoever was answered has their copy, or will not get one: to ask again for all would double it.
                return replies
            }
        }
        state = .ready
        isClean = replies.allSatisfy { $0.isPositive }
        return replies
    }

    private func write(
        _ content: (_ write: ([UInt8]) throws -> Void) throws -> Void, _ answer: Handover<ServerReply>?
    ) throws {
        var writer = ContentWriter(settings.bareLineEnds)
        var output: [UInt8] = []
        /// A server that answers before the end will not take the rest.
        func look() throws {
            if let early = try answer?.poll()?.get() {
                throw giveUp(
                    early.isRefusal
                        ? .refused(early, at: .content)
                        : MailProxyError(.nonsense, at: .content, "answered \(early) before the end", reply: early))
            }
        }
        func flush() throws {
            try look()
            try wait(link.send(output), .content, settings.timeouts.content)
            output.removeAll(keepingCapacity: true)
        }
        do {
            try content { piece in
                try writer.push(piece, into: &output)
                if output.count >= 64 << 10 { try flush() }
            }
            try writer.finish(into: &output)
            try look()
            // From here on the server may have all of it; whether it left shows in the answer.
            link.send(output, expecting: [])
        } catch {
            throw giveUp(at: .content, error)
        }
    }

    /// Gives up the transaction that is open.
    public func reset() throws {
        let reply = try command("RSET", .reset)
        guard reply.isPositive else { throw giveUp(refusal(reply, .reset)) }
        state = .ready
        isClean = true
    }

    /// Says goodbye and closes; the answer decides nothing.
    public func quit() {
        guard isUsable else { return }
        _ = try? command("QUIT", .quit, timeout: settings.timeouts.quit)
        state = .broken
        link.close()
    }

    /// Says goodbye and does not wait for the answer.
    func leave() {
        guard isUsable else { return }
        state = .released
        link.leave(seconds: settings.timeouts.quit)
    }

    /// The connection for another message and another thread; nil unless its last transaction ended well. It is of no more use
    /// here then.
    func release() -> KeptConnection? {
        // Who refuses the trace of one message may remember that of another.
        let hasTrace = remembered.isSubset(of: capabilities.xforward)
        guard case .ready = state, isClean, hasTrace, messages < Self.maxMessages, link.isActive else { return nil }
        state = .released
        return KeptConnection(
            settings: settings, link: link, capabilities: capabilities, isEncrypted: isEncrypted,
            remembered: remembered,
            messages: messages)
    }

    private var isUsable: Bool {
        switch state {
        case .ready, .open, .used: true
        case .broken, .released: false
        }
    }

    // MARK: - Commands

    private func command(_ text: String, _ step: SMTPStep, timeout: Double? = nil) throws -> ServerReply {
        guard isUsable else { throw MailProxyError(.misuse, at: step, "the connection was given up") }
        let reply = Handover<ServerReply>()
        link.send(try Self.line(text, step), expecting: [reply])
        return try answer(reply, step, timeout: timeout)
    }

    private func exchange(_ commands: [(text: String, step: SMTPStep)]) throws -> [ServerReply] {
        guard capabilities.pipelining else { return try commands.map { try command($0.text, $0.step) } }
        let replies = commands.map { _ in Handover<ServerReply>() }
        link.send(try commands.flatMap { try Self.line($0.text, $0.step) }, expecting: replies)
        return try zip(replies, commands).map { try answer($0, $1.step) }
    }

    private func answer(_ reply: Handover<ServerReply>, _ step: SMTPStep, timeout: Double? = nil) throws -> ServerReply
    {
        var limit = timeout ?? settings.timeouts.command
        if isUntried, step == .xforward || step == .mail { limit = min(limit, settings.timeouts.kept) }
        let answer = try wait(reply, step, limit)
        if step == .mail, answer.isPositive { isUntried = false }
        return answer
    }

    /// The last look at everything that leaves as a command: nothing in it can end the line.
    private static func line(_ text: String, _ step: SMTPStep) throws(MailProxyError) -> [UInt8] {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw MailProxyError(.unwritable, at: step, "a command has a control character")
        }
        return Array(text.utf8) + [0x0D, 0x0A]
    }

    @discardableResult
    private func wait<T>(_ handover: Handover<T>, _ step: SMTPStep, _ timeout: Double) throws -> T {
        let limit = min(timeout, deadline.remaining)
        guard let result = handover.wait(seconds: limit) else {
            throw giveUp(MailProxyError(.timedOut, at: step, "no answer within \(limit) s"))
        }
        do { return try result.get() } catch { throw giveUp(at: step, error) }
    }

    // MARK: - Failures

    /// A reply that is not the wanted one: a refusal, or one that makes no sense here.
    private func refusal(_ reply: ServerReply, _ step: SMTPStep) -> MailProxyError {
        reply.isRefusal
            ? .refused(reply, at: step)
            : MailProxyError(.nonsense, at: step, "answered \(reply)", reply: reply)
    }

    /// A refusal after which the conversation goes on, unless the server says that it does not.
    private func refused(_ reply: ServerReply, _ step: SMTPStep) -> MailProxyError {
        let error = refusal(reply, step)
        return error.code == .refused && reply.code != 421 ? error : giveUp(error)
    }

    private func giveUp(_ error: MailProxyError) -> MailProxyError {
        state = .broken
        link.close()
        return error
    }

    private func giveUp(at step: SMTPStep, _ error: any Error) -> any Error {
        state = .broken
        link.close()
        guard let error = error as? MailProxyError, error.step == .connect else { return error }
        return MailProxyError(error.code, at: step, error.message, reply: error.reply)
    }
}
