import Libcrypto
import NIOCore

/// Gives each reply of a server to whoever asked, in the order of the commands. Lives on the event loop of its channel.
final class ReplyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var parser = ReplyParser()
    /// Oldest first.
    private var waiting: [Handover<ServerReply>] = []
    /// Why nothing more can be read.
    private var failure: MailProxyError?
    /// What the server said without being asked: usually 421, before it closes.
    private var lastWords: ServerReply?

    /// The next reply without an owner belongs to `handover`.
    func expect(_ handover: Handover<ServerReply>) {
        if let failure { handover.complete(.failure(failure)) } else { waiting.append(handover) }
    }

    /// The replies that were expected last will not come.
    func withdraw(_ count: Int) { waiting.removeLast(min(count, waiting.count)) }

    /// Whether the server has said nothing that was not asked for: nothing of the clear text may be taken for an answer
    /// inside of TLS.
    var isQuiet: Bool { parser.isIdle && waiting.isEmpty && failure == nil && lastWords == nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard failure == nil else { return }
        var replies: [ServerReply] = []
        var defect: String?
        do throws(ReplyDefect) {
            try parser.push(unwrapInboundIn(data).readableBytesView, into: &replies)
        } catch {
            defect = error.message
        }
        for reply in replies {
            if !waiting.isEmpty {
                waiting.removeFirst().complete(.success(reply))
            } else if reply.code == 421, lastWords == nil {
                lastWords = reply
            } else {
                defect = "the server said \(reply) without being asked"
                break
            }
        }
        if let defect {
            fail(MailProxyError(.nonsense, at: .connect, defect))
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(Link.translate(error))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        var message = "the server closed the connection"
        if let lastWords { message += " with \(lastWords)" }
        fail(MailProxyError(.closed, at: .connect, message, reply: lastWords))
        context.fireChannelInactive()
    }

    private func fail(_ error: MailProxyError) {
        guard failure == nil else { return }
        failure = error
        for handover in waiting { handover.complete(.failure(error)) }
        waiting = []
    }
}
