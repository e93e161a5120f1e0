import NIOSSL

/// One client's conversation from greeting to goodbye, on a thread of its own: the order of commands, their limits and the
/// extensions. What a message is and where it goes is the session's affair.
final class ServerConversation {
    /// Errors after which a client is told to go: Postfix's `smtpd_hard_error_limit`.
    private static let maxErrors = 20
    /// What is taken for trace and log, and for nothing else.
    private static let xforwardNames = ["NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"]
    private static let xclientNames = ["NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT"]

    private enum Next { case goOn, end }

    private let options: ListenerOptions
    private let tls: NIOSSLContext?
    private let session: any ServerSession
    private let gate: ConnectionGate
    private let id: Int
    private let log: (String) -> Void
    private var lines: CommandLines

    private var greeting: SMTPCommand.Greeting?
    private var isEncrypted = false
    private var offered = Capabilities()
    private var isInMail = false
    private var hasUTF8 = false
    /// Recipients of the message that were taken, and those that were asked for.
    private var accepted = 0
    private var asked = 0
    private var errors = 0
    /// XFORWARD, for the next message; XCLIENT, for all.
    private var forwarded: [SMTPCommand.Attribute] = []
    private var client: [SMTPCommand.Attribute] = []

    init(
        _ link: ClientLink, id: Int, gate: ConnectionGate, options: ListenerOptions, tls: NIOSSLContext?,
        session: any ServerSession, log: @escaping (String) -> Void
    ) {
        self.options = options
        self.tls = tls
        self.session = session
        self.gate = gate
        self.id = id
        self.log = log
        lines = CommandLines(link, timeout: options.commandTimeout)
    }

    /// Serves the client until one of the two has enough.
    func run() {
        say(greetingReply)
        while step() == .goOn {}
        lines.flush()
        endMail()
        session.closed()
    }

    private var greetingReply: ServerReply {
        ServerReply(code: 220, lines: ["\(options.hostname) \(options.flavour == .lmtp ? "LMTP" : "ESMTP") guardd"])
    }

    // MARK: - Commands

    private func step() -> Next {
        switch lines.next() {
        case .line(let octets):
            do throws(CommandDefect) {
                return try answer(try CommandParser.parse(octets))
            } catch {
                return refuse(error.reply)
            }
        case .tooLong: return refuse(ServerReply(code: 500, lines: ["5.5.2 The line is too long"]))
        case .bareLineEnd: return leave(521, "5.5.2 A line ends in CR LF")
        case .timeout: return leave(421, "4.4.2 \(options.hostname) Timeout")
        case .interrupted: return gate.isDraining && !isInMail ? leaveForRestart() : .goOn
        case .end: return .end
        }
    }

    private func answer(_ command: SMTPCommand) throws(CommandDefect) -> Next {
        switch command {
        case .hello(let kind, _): return try hello(kind)
        case .mail(let path, let parameters): return try mail(path, parameters)
        case .recipient(let path, let parameters): return try recipient(path, parameters)
        case .data: return try data()
        case .reset:
            endMail()
            return say(250, "2.0.0 Ok")
        case .startTLS: return try startTLS()
        case .xforward(let attributes):
            try takeTrace(attributes, names: Self.xforwardNames, "XFORWARD")
            forwarded += attributes
            return say(250, "2.0.0 Ok")
        case .xclient(let attributes):
            try takeTrace(attributes, names: Self.xclientNames, "XCLIENT")
            client = attributes
            // As after a new connection (Postfix, XCLIENT_README).
            forwarded = []
            greeting = nil
            say(greetingReply)
            return .goOn
        case .noop: return say(250, "2.0.0 Ok")
        case .help: return say(214, "2.0.0 A filter of mail, see https://www.postfix.org/FILTER_README.html")
        case .verify: return say(252, "2.1.5 Send mail and see")
        case .quit: return leave(221, "2.0.0 Bye")
        case .foreign: return leave(521, "5.5.2 This is a mail server")
        case .unknown(let verb): throw CommandDefect(500, "5.5.1 \(verb) is not known here")
        }
    }

    private func hello(_ kind: SMTPCommand.Greeting) throws(CommandDefect) -> Next {
        guard (kind == .lhlo) == (options.flavour == .lmtp) else {
            throw CommandDefect(
                500, "5.5.1 This is \(options.flavour == .lmtp ? "LMTP, say LHLO" : "SMTP, say EHLO")")
        }
        endMail()
        let next: Capabilities
        switch session.hello() {
        case .success(let capabilities): next = capabilities
        case .failure(let refusal):
            say(refusal.reply)
            return .end
        }
        greeting = kind
        guard kind != .helo else {
            offered = Capabilities()
            return say(250, options.hostname)
        }
        offered = next
        var words = [options.hostname]
        if offered.pipelining { words.append("PIPELINING") }
        words.append("SIZE \(options.maxSize)")
        if canStartTLS { words.append("STARTTLS") }
        words.append("XFORWARD \(Self.xforwardNames.joined(separator: " "))")
        words.append("XCLIENT \(Self.xclientNames.joined(separator: " "))")
        if offered.enhancedStatusCodes { words.append("ENHANCEDSTATUSCODES") }
        if offered.eightBitMIME { words.append("8BITMIME") }
        if offered.dsn { words.append("DSN") }
        if offered.smtpUTF8 { words.append("SMTPUTF8") }
        say(ServerReply(code: 250, lines: words))
        return .goOn
    }

    private var canStartTLS: Bool { tls != nil && options.tls != .none && !isEncrypted }

    private func startTLS() throws(CommandDefect) -> Next {
        guard canStartTLS, let tls else { throw CommandDefect(502, "5.5.1 STARTTLS is not offered") }
        endMail()
        guard lines.startTLS(after: ServerReply(code: 220, lines: ["2.0.0 Ready"]), context: tls) else {
            log("a client sent more behind STARTTLS than it may, or TLS could not be started")
            return .end
        }
        // What was said in clear text may be anybody's words (RFC 3207, section 4.2).
        isEncrypted = true
        greeting = nil
        forwarded = []
        client = []
        return .goOn
    }

    private func takeTrace(
        _ attributes: [SMTPCommand.Attribute], names: [String], _ verb: String
    ) throws(CommandDefect) {
        guard !isInMail else { throw CommandDefect(503, "5.5.1 \(verb) comes before MAIL") }
        guard attributes.allSatisfy({ names.contains($0.name) }), forwarded.count < 64 else {
            throw CommandDefect(501, "5.5.4 \(verb) has an attribute that is not known here")
        }
    }

    // MARK: - Envelope

    private func mail(_ path: SMTPPath, _ parameters: [[UInt8]]) throws(CommandDefect) -> Next {
        guard greeting != nil else {
            throw CommandDefect(503, "5.5.1 Say \(options.flavour == .lmtp ? "LHLO" : "EHLO") first")
        }
        guard options.tls != .required || isEncrypted else { throw CommandDefect(530, "5.7.0 Say STARTTLS first") }
        guard !isInMail else { throw CommandDefect(503, "5.5.1 There is a transaction already") }
        let read = try EnvelopeParameters.mail(parameters, offered: offered)
        if let size = read.size, size > options.maxSize {
            throw CommandDefect(552, "5.3.4 The message is larger than \(options.maxSize) octets")
        }
        guard !path.needsUTF8 || read.hasUTF8 else { throw CommandDefect(553, "5.6.7 The address needs SMTPUTF8") }
        guard gate.begin(id) else { return leaveForRestart() }
        isInMail = true
        hasUTF8 = read.hasUTF8
        let reply = session.sender(path, read.passed, trace: trace)
        if !reply.isPositive { endMail() }
        say(reply)
        return .goOn
    }

    /// XFORWARD's word counts more than XCLIENT's: it is about the message.
    private var trace: [(name: String, value: String)] {
        var result: [(name: String, value: String)] = []
        for attribute in forwarded.reversed() + client
        where Self.xforwardNames.contains(attribute.name) && !result.contains(where: { $0.name == attribute.name }) {
            result.append((attribute.name, attribute.value))
        }
        return result.reversed()
    }

    private func recipient(_ path: SMTPPath, _ parameters: [[UInt8]]) throws(CommandDefect) -> Next {
        guard isInMail else { throw CommandDefect(503, "5.5.1 Say MAIL first") }
        let read = try EnvelopeParameters.recipient(parameters, offered: offered)
        guard !path.needsUTF8 || hasUTF8 else { throw CommandDefect(553, "5.6.7 The address needs SMTPUTF8") }
        asked += 1
        guard accepted < options.maxRecipients, asked <= 10 * options.maxRecipients else {
            return say(452, "4.5.3 Too many recipients, send the others in another message")
        }
        let reply = session.recipient(path, read.passed)
        if reply.isPositive { accepted += 1 }
        say(reply)
        return .goOn
    }

    // MARK: - Content

    private func data() throws(CommandDefect) -> Next {
        guard isInMail else { throw CommandDefect(503, "5.5.1 Say MAIL first") }
        guard accepted > 0 else { throw CommandDefect(554, "5.5.1 There is no valid recipient") }
        let reply = session.data()
        say(reply)
        guard reply.code == 354 else {
            endMail()
            return .goOn
        }
        var reader = ContentReader(options.bareLineEnds)
        var count = 0
        while true {
            let bytes: [UInt8]
            switch lines.content(seconds: options.contentTimeout) {
            case .bytes(let next)?: bytes = next
            case .interrupted?: continue
            case .end?: return .end
            case nil: return leave(421, "4.4.2 \(options.hostname) Timeout, the message was not taken")
            }
            var content: [UInt8] = []
            let progress = reader.push(bytes, into: &content)
            count += content.count
            if count <= options.maxSize { session.content(content.span) }
            switch progress {
            case .more: continue
            case .bare(let name):
                log("a client sent a bare \(name) in a message, which is refused")
                return leave(521, "5.5.2 The message has a bare \(name), lines end in CR LF")
            case .ended(let index):
                lines.giveBack(bytes[index...])
                return endOfData(isTooLarge: count > options.maxSize, isBodyRepaired: reader.isBodyRepaired)
            }
        }
    }

    private func endOfData(isTooLarge: Bool, isBodyRepaired: Bool) -> Next {
        let wanted = options.flavour == .lmtp ? accepted : 1
        var replies: [ServerReply]
        if isTooLarge {
            let reply = ServerReply(code: 552, lines: ["5.3.4 The message is larger than \(options.maxSize) octets"])
            replies = [ServerReply](repeating: reply, count: wanted)
        } else {
            replies = Array(session.endOfData(isBodyRepaired: isBodyRepaired).prefix(wanted))
        }
        // Whoever has no answer has no mail either, as far as anybody knows.
        while replies.count < wanted {
            replies.append(ServerReply(code: 451, lines: ["4.3.0 There is no answer for this recipient"]))
        }
        for reply in replies { say(reply) }
        // Before anything else, whatever the client asked for in the meantime: who does not hear it sends everything again.
        lines.flush(isWatched: true)
        endMail()
        return gate.isDraining ? leaveForRestart() : .goOn
    }

    // MARK: - End

    private func endMail() {
        guard isInMail else { return }
        isInMail = false
        accepted = 0
        asked = 0
        forwarded = []
        session.reset()
        gate.end(id)
    }

    private func leaveForRestart() -> Next { leave(421, "4.3.2 guardd is being restarted, try again later") }

    private func leave(_ code: Int, _ text: String) -> Next {
        say(ServerReply(code: code, lines: [text]))
        return .end
    }

    private func refuse(_ reply: ServerReply) -> Next {
        errors += 1
        say(reply)
        return errors < Self.maxErrors ? .goOn : leave(421, "4.7.0 Too many errors")
    }

    private func say(_ code: Int, _ text: String) -> Next {
        say(ServerReply(code: code, lines: [text]))
        return .goOn
    }

    private func say(_ reply: ServerReply) { lines.say(reply) }
}
