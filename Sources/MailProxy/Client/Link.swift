import Libcrypto
import NIOCore
import NIOPosix
import NIOSSL

/// One connection, for a thread that blocks: what happens on the event loop is handed over to it. Errors name the step
/// ``SMTPStep/connect``; whoever waits knows better.
final class Link: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<ReplyHandler>

    private init(channel: any Channel, handler: NIOLoopBound<ReplyHandler>) {
        self.channel = channel
        self.handler = handler
    }

    /// Begins to connect. `greeting` is completed with the first reply. A connection that comes when nobody waits
    /// for it any more is closed.
    static func connect(
        _ endpoint: SMTPEndpoint, timeout: Double, greeting: Handover<ServerReply>, on group: any EventLoopGroup
    ) -> Handover<Link> {
        let handover = Handover<Link>()
        let milliseconds = Int64(min(max(timeout, 0.001), 3600) * 1000)
        // A server that closes at once takes the handler out of the pipeline before it could be looked for.
        let made = Lock<NIOLoopBound<ReplyHandler>?>(nil)
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(.milliseconds(milliseconds))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = ReplyHandler()
                    handler.expect(greeting)
                    try channel.pipeline.syncOperations.addHandler(handler)
                    made.withLock { $0 = NIOLoopBound(handler, eventLoop: channel.eventLoop) }
                }
            }
        let connecting: EventLoopFuture<any Channel>
        switch endpoint {
        case .tcp(let host, let port):
            let plain = bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
            // An address needs no look-up, which would take threads and time.
            let address = try? SocketAddress(ipAddress: host, port: port)
            connecting = address.map { plain.connect(to: $0) } ?? plain.connect(host: host, port: port)
        case .unix(let path): connecting = bootstrap.connect(unixDomainSocketPath: path)
        }
        connecting.flatMapThrowing { channel in
            guard let handler = made.withLock({ $0 }) else { throw ChannelError.alreadyClosed }
            return Link(channel: channel, handler: handler)
        }.whenComplete { result in
            switch result {
            case .success(let link): if !handover.complete(.success(link)) { link.close() }
            case .failure(let error):
                handover.complete(.failure(MailProxyError(.unreachable, at: .connect, "\(endpoint): \(error)")))
            }
        }
        return handover
    }

    /// Sends octets and expects as many replies, one for each of the handovers.
    func send(_ bytes: [UInt8], expecting replies: [Handover<ServerReply>]) {
        channel.eventLoop.execute { [channel, handler] in
            for reply in replies { handler.value.expect(reply) }
            channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        }
    }

    /// Sends octets; completed when the system has taken them over.
    func send(_ bytes: [UInt8]) -> Handover<Void> {
        let handover = Handover<Void>()
        channel.writeAndFlush(ByteBuffer(bytes: bytes)).whenComplete { result in
            handover.complete(result.mapError { Self.translate($0) })
        }
        return handover
    }

    /// The replies that were expected last will not come.
    func withdraw(_ count: Int) {
        channel.eventLoop.execute { [handler] in handler.value.withdraw(count) }
    }

    /// Puts TLS under the conversation. The handshake happens with the next command, and what goes wrong in it is that
    /// command's error.
    func startTLS(_ settings: ClientSettings) -> Handover<Void> {
        let handover = Handover<Void>()
        channel.eventLoop.submit { [channel, handler] in
            guard handler.value.isQuiet else {
                throw MailProxyError(.nonsense, at: .startTLS, "the server sent more than the answer to STARTTLS")
            }
            let tls = try Self.tlsHandler(settings)
            try channel.pipeline.syncOperations.addHandler(tls, position: .first)
        }.whenComplete { result in
            handover.complete(
                result.mapError { error in
                    error as? MailProxyError ?? MailProxyError(.tlsFailed, at: .startTLS, "\(error)")
                })
        }
        return handover
    }

    private static func tlsHandler(_ settings: ClientSettings) throws -> NIOSSLClientHandler {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = settings.tls == .required ? .fullVerification : .none
        if let file = settings.tlsAuthorities { configuration.trustRoots = .file(file) }
        var name = settings.tlsName
        if name == nil, case .tcp(let host, _) = settings.endpoint { name = host }
        // An address is no name for SNI; the certificate is then held against the address of the peer.
        if let host = name, (try? SocketAddress(ipAddress: host, port: 0)) != nil { name = nil }
        return try NIOSSLClientHandler(context: NIOSSLContext(configuration: configuration), serverHostname: name)
    }

    /// Whether neither side has closed it, as far as is known here.
    var isActive: Bool { channel.isActive }

    func close() { channel.close(promise: nil) }

    /// Says goodbye, and closes when the server does, but not later than that.
    func leave(seconds: Double = 5) {
        channel.eventLoop.execute { [channel, handler] in
            handler.value.expect(Handover())
            channel.writeAndFlush(ByteBuffer(string: "QUIT\r\n"), promise: nil)
            let timer = channel.eventLoop.scheduleTask(in: .milliseconds(Int64(seconds * 1000))) { [channel] in
                channel.close(promise: nil)
            }
            channel.closeFuture.whenComplete { _ in timer.cancel() }
        }
    }

    static func translate(_ error: any Error) -> MailProxyError {
        if let error = error as? MailProxyError { return error }
        if error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError {
            return MailProxyError(.tlsFailed, at: .startTLS, "TLS: \(error)")
        }
        return MailProxyError(.closed, at: .connect, "the connection broke: \(error)")
    }
}
