import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes connections whose client is too slow: with the head of its first request, with a body, with taking an answer,
/// or with the next request. While we work on a request, no time runs. A body that takes too long is answered with 408.
///
/// A connection has one timer. It is not moved with every request: when it fires early, it is set again.
final class ConnectionDeadlines: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let head: TimeAmount
    private let body: TimeAmount
    private var timer: Scheduled<Void>?
    /// When the timer fires; nil where none runs.
    private var planned: NIODeadline?
    /// When the client is too slow; nil while it is our turn.
    private var deadline: NIODeadline?
    /// Whether a request is coming of which nothing was answered yet.
    private var isReceiving = false

    init(head: TimeAmount, body: TimeAmount) {
        self.head = head
        self.body = body
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { wait(head, context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    func channelActive(context: ChannelHandlerContext) {
        wait(head, context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            isReceiving = true
            wait(body, context)
        case .body: break
        case .end:
            isReceiving = false
            deadline = nil
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head, .end:
            isReceiving = false
            wait(body, context)
        case .body: break
        }
        context.write(data, promise: promise)
    }

    private func wait(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        let deadline = context.eventLoop.now + time
        self.deadline = deadline
        // The next deadline may come before the timer, where a body has less time than the first head.
        if let planned, planned <= deadline { return }
        arm(deadline, context)
    }

    private func arm(_ deadline: NIODeadline, _ context: ChannelHandlerContext) {
        timer?.cancel()
        planned = deadline
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            planned = nil
            guard let late = self.deadline else { return }
            if context.eventLoop.now < late { arm(late, context) } else { end(context) }
        }
    }

    private func end(_ context: ChannelHandlerContext) {
        if isReceiving {
            let fields: HTTPFields = [.connection: "close", .contentLength: "0"]
            let head = HTTPResponse(status: .requestTimeout, headerFields: fields)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        context.close(promise: nil)
    }

    private func stop() {
        timer?.cancel()
        planned = nil
        deadline = nil
    }
}
