import Libcrypto
import MIME
import OpenPGP
import ProtectedMail

/// One SMTP connection: fed with events, it answers with replies and, at the end of a message, with edits. It does no
/// I/O of its own; the calls of one session must not overlap.
///
/// Order of events: `connected`, then for each message `sender`, `recipient`..., `header`..., `endOfHeaders`,
/// `body`..., `endOfMessage`. `aborted` ends a message at any point, a refusal or `accept` ends it too.
public final class Session {
    private let context: SessionContext
    private var client: ClientAddress?
    private var clientName = ""
    private var connectionMacros = Macros()
    private var message: MessageState?

    public init(context: SessionContext) { self.context = context }

    deinit { message?.release() }

    public func connected(host: String, address: ClientAddress?, macros: Macros) -> Reply {
        client = address
        clientName = host
        connectionMacros = macros
        return .proceed
    }

    /// The name decides nothing.
    public func helo(_ name: [UInt8], macros: Macros) -> Reply { .proceed }

    /// MAIL. `path` with or without angle brackets.
    public func sender(_ path: [UInt8], arguments: [[UInt8]], macros: Macros) -> Reply {
        if message != nil { aborted() }
        let state = MessageState(context: context, client: client, clientName: clientName)
        message = state
        state.take(connectionMacros)
        state.take(macros)
        state.envelope.setSender(path: path, parameters: arguments)
        if context.isDraining() {
            return end(state, with: .refusing(Replies.draining))
        }
        if context.budget.isExhausted {
            return end(state, with: .refusing(Replies.busy))
        }
        return .proceed
    }

    /// RCPT.
    public func recipient(_ path: [UInt8], arguments: [[UInt8]], macros: Macros) -> Reply {
        guard let message else { return .proceed }
        message.take(macros)
        if macros["rcpt_mailer"] != nil { message.cameBySMTP = true }
        message.envelope.recipients.append(
            Envelope.Recipient(path: path, resolved: macros["rcpt_addr"], parameters: arguments))
        return .proceed
    }

    /// One header field; `value` with its leading space and folding. White space between name and colon (RFC 5322,
    /// section 4.5) is no part of the name: a forged field must not hide behind it.
    public func header(name: [UInt8], value: [UInt8]) -> Reply {
        var name = name
        while let last = name.last, last == 0x20 || last == 0x09 { name.removeLast() }
        message?.add(HeaderField(name: name, value: value))
        return .proceed
    }

    public func endOfHeaders(macros: Macros) -> Reply {
        guard let message else { return .proceed }
        message.take(macros)
        switch message.begin() {
        case .proceed: return .proceed
        case .skipBody: return .skipBody
        case let reply: return end(message, with: reply)
        }
    }

    /// A piece of the body, line ends CRLF.
    public func body(_ bytes: Span<UInt8>) -> Reply {
        guard let message else { return .proceed }
        switch message.push(bytes) {
        case .proceed: return .proceed
        case .skipBody: return .skipBody
        case let reply: return end(message, with: reply)
        }
    }

    public func endOfMessage(macros: Macros) -> Outcome {
        // Without a message there is nothing known that would allow it to pass.
        guard let message else { return Outcome(edits: [], body: nil, reply: .tempfail(Replies.failure)) }
        message.take(macros)
        var outcome = message.finish()
        outcome.reply = end(message, with: outcome.reply)
        return outcome
    }

    /// The client gave the message up, or the connection broke.
    public func aborted() {
        guard let message else { return }
        message.record.result = .aborted
        finish(message)
    }

    public func closed() { aborted() }

    private func end(_ state: MessageState, with reply: Reply) -> Reply {
        state.note(reply)
        finish(state)
        return reply
    }

    private func finish(_ state: MessageState) {
        state.release()
        message = nil
        context.log(state.finishedRecord())
    }
}
