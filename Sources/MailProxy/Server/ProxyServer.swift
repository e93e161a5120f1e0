import Libcrypto
public import MailFlow
import NIOCore
import NIOPosix
import NIOSSL

/// A listener: accepts declared peers and gives each a thread and a ``ServerSession``. Event loops only move octets.
public final class ProxyServer: Sendable {
    public let options: ListenerOptions
    private let makeSession: @Sendable (ClientAddress?) -> any ServerSession
    private let log: @Sendable (String) -> Void
    private let group: any EventLoopGroup
    private let gate: ConnectionGate
    private let channel = Lock<(any Channel)?>(nil)

    /// - Parameters:
    ///   - session: makes the session for a client; its address is nil where it came by a unix socket.
    ///   - log: takes sentences for administrators.
    public init(
        _ options: ListenerOptions, log: @escaping @Sendable (String) -> Void,
        session: @escaping @Sendable (ClientAddress?) -> any ServerSession
    ) {
        self.options = options
        self.log = { log("proxy \(options.name): \($0)") }
        makeSession = session
        group = MultiThreadedEventLoopGroup.singleton
        gate = ConnectionGate(limit: options.maxConnections)
    }

    /// Listens. Returns at once.
    /// - Returns: the port of a TCP listener.
    /// - Throws: ``ListenerError``.
    @discardableResult
    public func start() throws -> Int? {
        let tls = options.tls == .none ? nil : try tlsContext()
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    let made = Lock<ClientLink?>(nil)
                    let handler = InletHandler { [self] in
                        if let link = made.withLock({ $0 }) { accept(link, from: channel.remoteAddress, tls) }
                    }
                    let loopBound = NIOLoopBound(handler, eventLoop: channel.eventLoop)
                    made.withLock { $0 = ClientLink(channel: channel, handler: loopBound) }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        let listening: any Channel
        switch options.endpoint {
        case .unix(let path):
            let descriptor: CInt
            do throws(SocketFileError) {
                descriptor = try SocketFile(path: path).create(
                    mode: options.socketMode, group: options.socketGroup, owner: options.socketOwner)
            } catch {
                throw ListenerError(options.name, error.message)
            }
            listening = try attempt { try bootstrap.withBoundSocket(descriptor).wait() }
            SocketFile.setQueue(512, of: descriptor)
        case .tcp(let host, let port):
            listening = try attempt {
                try bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1).bind(host: host, port: port).wait()
            }
        }
        channel.withLock { $0 = listening }
        return listening.localAddress?.port
    }

    private func attempt(_ body: () throws -> any Channel) throws -> any Channel {
        do { return try body() } catch {
            throw ListenerError(options.name, "cannot listen on \(options.endpoint): \(error)")
        }
    }

    private func tlsContext() throws -> NIOSSLContext {
        guard let certificate = options.certificate, let key = options.key else {
            throw ListenerError(options.name, "TLS needs certificate and key")
        }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate).map { NIOSSLCertificateSource.certificate($0) }
            let secret = try NIOSSLPrivateKey(file: key, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain, privateKey: .privateKey(secret))
            configuration.minimumTLSVersion = .tlsv12
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw ListenerError(
                options.name, "certificate \(certificate) or key \(key) cannot be used for TLS: \(error)")
        }
    }

    // MARK: - Clients

    private func accept(_ link: ClientLink, from address: SocketAddress?, _ tls: NIOSSLContext?) {
        let client = Self.client(address)
        if let refusal = refusal(of: client, address) {
            log(refusal.log)
            Self.dismiss(link, refusal.reply)
            return
        }
        guard let id = gate.enter(link) else {
            if !gate.isDraining { log("\(options.maxConnections) connections are open, another one was turned away") }
            Self.dismiss(link, ServerReply(code: 421, lines: ["4.3.2 Too many connections, try again later"]))
            return
        }
        let isStarted = PlainThread.start { [self] in
            ServerConversation(
                link, id: id, gate: gate, options: options, tls: tls, session: makeSession(client), log: log
            ).run()
            link.close()
            gate.leave(id)
        }
        guard isStarted else {
            log("the system has no thread left")
            gate.leave(id)
            Self.dismiss(link, ServerReply(code: 421, lines: ["4.3.2 Too many connections, try again later"]))
            return
        }
    }

    private func refusal(
        of client: ClientAddress?, _ address: SocketAddress?
    ) -> (reply: ServerReply, log: String)? {
        if case .unix = options.endpoint { return nil }
        if let client, options.peers.contains(where: { $0.contains(client) }) { return nil }
        let name = client.map { "\($0)" } ?? "a client without an address"
        return (
            ServerReply(code: 554, lines: ["5.7.1 You are none of those who may send mail here"]),
            "\(name) was turned away: it is not in peers"
        )
    }

    private static func dismiss(_ link: ClientLink, _ reply: ServerReply) {
        _ = link.write(Array("\(reply.code) \(reply.lines.first ?? "")\r\n".utf8), seconds: 0)
        link.close()
    }

    private static func client(_ address: SocketAddress?) -> ClientAddress? {
        guard let text = address?.ipAddress else { return nil }
        // Without the zone of a link-local address.
        return ClientAddress(String(text.prefix { $0 != "%" }))
    }

    // MARK: - End

    /// The port of a TCP listener while it listens.
    public var port: Int? { channel.withLock { $0?.localAddress?.port } }

    /// Messages between MAIL and their end.
    public var messagesInFlight: Int { gate.messagesInFlight }

    /// Takes no new connections or messages, and waits for those in work.
    ///
    /// - Returns: how many did not end within `seconds`.
    public func drain(seconds: Double) -> Int {
        if case .unix(let path) = options.endpoint { SocketFile(path: path).remove() }
        channel.withLock {
            $0?.close(promise: nil)
            $0 = nil
        }
        return gate.drain(seconds: seconds)
    }

    /// Breaks off what still runs. Its messages are not answered, so that whoever sent them keeps them.
    public func stop() {
        _ = drain(seconds: 0)
        gate.closeAll()
    }
}

/// Why a listener cannot be opened.
public struct ListenerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, and where.
    public let message: String
    public var description: String { message }

    init(_ name: String, _ message: String) { self.message = "proxy \(name): \(message)" }
}
