import CMilter
import Glibc
import Libcrypto
import MailFlow
import ProtectedMail

/// State of one connection from the MTA. libmilter serialises its callbacks but runs them on changing threads, so this
/// object (held in the context's private pointer) is the only place where anything is kept.
final class Connection {
    private let server: MilterServer
    private let negotiation: Negotiation
    private var session: any MailSession
    private var generation: Int
    private var client: (host: String, address: ClientAddress?, macros: Macros)?
    private var inMessage = false
    private var skipBody = false
    /// The refusal of the connection, given to each message: there is no other place for it.
    private var connectionRefusal: Reply?
    /// The refusal of a header field, given at the end of headers: fields have no answers of their own.
    private var headerRefusal: Reply?

    init(server: MilterServer, negotiation: Negotiation) {
        self.server = server
        self.negotiation = negotiation
        generation = server.sessions.generation
        session = server.sessions.makeSession()
    }

    func connect(_ context: OpaquePointer, host: String, address: ClientAddress?) -> Int32 {
        let macros = MacroNames.connect.read(context)
        client = (host, address, macros)
        let reply = session.connected(host: host, address: address, macros: macros)
        connectionRefusal = reply.isRefusal ? reply : nil
        return negotiation.repliesToConnect ? SMFIS_CONTINUE : SMFIS_NOREPLY
    }

    func mail(_ context: OpaquePointer, _ arguments: [[UInt8]]) -> Int32 {
        if inMessage { abort() }
        switch server.gate.enter() {
        case .admitted: break
        case .draining:
            return refuse(
                context, SMTPReply(code: 451, enhanced: "4.3.2", text: "guardd is being restarted, try again later"))
        case .full:
            server.log(.notice, "deferred a message: \(server.gate.count) messages are in flight (max_messages)")
            return refuse(context, SMTPReply(code: 451, enhanced: "4.3.2", text: "guardd is busy, try again later"))
        }
        inMessage = true
        skipBody = false
        headerRefusal = nil
        renewSession()
        if let refusal = connectionRefusal { return answer(context, refusal) }
        let macros = MacroNames.sender.read(context)
        let reply = session.sender(arguments.first ?? [], arguments: Array(arguments.dropFirst()), macros: macros)
        return answer(context, reply)
    }

    func recipient(_ context: OpaquePointer, _ arguments: [[UInt8]]) -> Int32 {
        let macros = MacroNames.recipient.read(context)
        let reply = session.recipient(arguments.first ?? [], arguments: Array(arguments.dropFirst()), macros: macros)
        // A refused recipient does not end the message.
        return answer(context, reply, endsMessage: false)
    }

    func header(name: [UInt8], value: [UInt8]) -> Int32 {
        if headerRefusal == nil {
            let reply = session.header(name: name, value: negotiation.leadingSpace ? value : [0x20] + value)
            if reply.isRefusal { headerRefusal = reply }
        }
        return negotiation.repliesToHeader ? SMFIS_CONTINUE : SMFIS_NOREPLY
    }

    func endOfHeaders(_ context: OpaquePointer) -> Int32 {
        if let refusal = headerRefusal {
            session.aborted()
            return answer(context, refusal)
        }
        return answer(context, session.endOfHeaders(macros: MacroNames.message.read(context)), afterHeaders: true)
    }

    func body(_ context: OpaquePointer, _ bytes: Span<UInt8>) -> Int32 {
        if skipBody { return negotiation.canSkip ? SMFIS_SKIP : SMFIS_CONTINUE }
        return answer(context, session.body(bytes), afterHeaders: true)
    }

    func endOfMessage(_ context: OpaquePointer) -> Int32 {
        let macros = MacroNames.message.read(context)
        server.ticker.begin(context)
        let outcome = session.endOfMessage(macros: macros)
        server.ticker.end(context)
        defer { leave() }
        if outcome.reply.isRefusal { return answer(context, outcome.reply) }
        if outcome.reply == .discard { return SMFIS_DISCARD }
        do {
            try EditWriter(context: context, leadingSpace: negotiation.leadingSpace)
                .apply(outcome.edits, body: outcome.body)
        } catch {
            let what = (error as? EditWriter.Failure)?.call ?? "reading back the result"
            server.log(.error, "\(macros["i"] ?? "-"): \(what) failed, the message is deferred")
            return refuse(
                context, SMTPReply(code: 451, enhanced: "4.3.0", text: "guardd could not hand over the message"))
        }
        return SMFIS_CONTINUE
    }

    func abort() {
        guard inMessage else { return }
        session.aborted()
        leave()
    }

    func close() {
        abort()
        session.closed()
    }

    // MARK: -

    /// A reload takes effect with the next message, also on a connection that stays open for hours.
    private func renewSession() {
        let current = server.sessions.generation
        guard current != generation else { return }
        session.closed()
        session = server.sessions.makeSession()
        generation = current
        guard let client else { return }
        let reply = session.connected(host: client.host, address: client.address, macros: client.macros)
        connectionRefusal = reply.isRefusal ? reply : nil
    }

    private func leave() {
        guard inMessage else { return }
        inMessage = false
        server.gate.leave()
    }

    private func answer(
        _ context: OpaquePointer, _ reply: Reply, afterHeaders: Bool = false, endsMessage: Bool = true
    ) -> Int32 {
        switch reply {
        // Only an end of message is ever discarded, see there.
        case .proceed, .discard: return SMFIS_CONTINUE
        case .accept:
            // Earlier it would wave through everything that follows on this connection.
            guard afterHeaders else { return SMFIS_CONTINUE }
            leave()
            return SMFIS_ACCEPT
        case .skipBody:
            guard afterHeaders else { return SMFIS_CONTINUE }
            let first = skipBody
            skipBody = true
            // At end of headers SKIP does not exist; the first body callback says it.
            return first && negotiation.canSkip ? SMFIS_SKIP : SMFIS_CONTINUE
        case .reject(let text), .tempfail(let text):
            if endsMessage { leave() }
            return refuse(context, text, temporary: reply.isTemporary)
        }
    }

    private func refuse(_ context: OpaquePointer, _ reply: SMTPReply, temporary: Bool = true) -> Int32 {
        let text = ReplyText(reply)
        var code = Array(text.code.utf8CString)
        var enhanced = Array(text.enhanced.utf8CString)
        var message = Array(text.text.utf8CString)
        // Without the text the MTA falls back to one of its own: the message is refused all the same.
        if smfi_setreply(context, &code, &enhanced, &message) != MI_SUCCESS {
            server.log(.warning, "libmilter refused the reply \(text.code) \(text.enhanced) \(text.text)")
            return temporary ? SMFIS_TEMPFAIL : SMFIS_REJECT
        }
        return text.isPermanent ? SMFIS_REJECT : SMFIS_TEMPFAIL
    }
}

extension Reply {
    var isRefusal: Bool {
        switch self {
        case .reject, .tempfail: true
        case .proceed, .accept, .skipBody, .discard: false
        }
    }
    var isTemporary: Bool { if case .tempfail = self { true } else { false } }
}
