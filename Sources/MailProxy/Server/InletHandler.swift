import Libcrypto
import NIOCore

/// Keeps what a client sends until its thread asks for it, and asks the system for more only when little is left: who
/// sends faster than we work is slowed down by TCP. Lives on the event loop of its channel.
final class InletHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// Octets that are read ahead.
    private static let ahead = 128 << 10

    private var pending: [UInt8] = []
    private var waiting: Handover<ClientLink.Input>?
    private var isClosed = false
    private var isInterrupted = false
    private var isReading = false
    private var context: ChannelHandlerContext?
    private let whenActive: () -> Void

    /// - Parameter whenActive: called once there is something to read from and to write to.
    init(whenActive: @escaping () -> Void) { self.whenActive = whenActive }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Hands over what came since the last time, as soon as there is something.
    func want(_ handover: Handover<ClientLink.Input>) {
        waiting = handover
        answer()
    }

    /// The thread is to stop waiting for something that has not begun.
    func interrupt() {
        isInterrupted = true
        answer()
    }

    /// Whether the client has sent nothing that was not asked for.
    var isQuiet: Bool { pending.isEmpty }

    private func answer() {
        if let handover = waiting {
            if !pending.isEmpty {
                waiting = nil
                handover.complete(.success(.bytes(pending)))
                pending = []
            } else if isClosed {
                waiting = nil
                handover.complete(.success(.end))
            } else if isInterrupted {
                waiting = nil
                isInterrupted = false
                handover.complete(.success(.interrupted))
            }
        }
        if !isClosed, !isReading, pending.count < Self.ahead {
            isReading = true
            context?.read()
        }
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        whenActive()
        answer()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        pending += unwrapInboundIn(data).readableBytesView
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        answer()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        answer()
        context.fireChannelInactive()
    }
}
