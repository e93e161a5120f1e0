import Dispatch
import Guard
import HTTPTypes
import HummingbirdCore
import HummingbirdTLS
import Libcrypto
public import Logging
import NIOCore
import NIOExtras
import NIOHTTPTypes
import NIOPosix
import NIOSSL

/// Serves a ``ControlService`` over HTTP/1.1 on sockets.
public final class ControlServer: Sendable {
    /// Where to listen.
    public enum Listener: Sendable, Equatable {
        /// A unix socket; `owner` is whom it is given to when we start as root.
        case unix(path: String, mode: UInt32, group: String?, owner: UInt32?)
        /// TLS with a chain and a key in PEM; nil is plain text, for loopback only.
        case tcp(host: String, port: Int, tls: TLSFiles?)
    }

    /// Files of TLS, in PEM.
    public struct TLSFiles: Sendable, Equatable {
        public var certificate: String
        public var key: String

        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    private let service: ControlService
    private let listeners: [Listener]
    private let log: Logger
    private let group: MultiThreadedEventLoopGroup
    /// One for each event loop.
    private let executors: [LoopExecutor]
    private let quiescing: ServerQuiescingHelper
    /// The tasks of connections, which need their event loops to the end.
    private let tasks = DispatchGroup()

    /// - Parameter threads: event loops; they only move octets.
    public init(service: ControlService, listeners: [Listener], threads: Int = 2, log: Logger) {
        self.service = service
        self.listeners = listeners
        self.log = log
        group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        executors = group.makeIterator().map { LoopExecutor($0) }
        quiescing = ServerQuiescingHelper(group: group)
    }

    /// Listens, on all sockets or on none. Returns at once.
    /// - Returns: the ports of TCP listeners, in their order.
    /// - Throws: ``ControlError``.
    @discardableResult
    public func start() throws -> [Int] {
        var channels: [any Channel] = []
        do {
            for listener in listeners { channels.append(try open(listener)) }
        } catch {
            for channel in channels { try? channel.close().wait() }
            throw error
        }
        return channels.compactMap { $0.localAddress?.port }
    }

    /// Takes no new connections, and waits until the requests in work are answered, `seconds` at most.
    public func stop(seconds: Int) {
        for case .unix(let path, _, _, _) in listeners { SocketFile(path: path).remove() }
        let done = DispatchSemaphore(value: 0)
        let promise = group.next().makePromise(of: Void.self)
        promise.futureResult.whenComplete { _ in done.signal() }
        quiescing.initiateShutdown(promise: promise)
        if done.wait(timeout: .now() + .seconds(seconds)) == .timedOut {
            log.warning("control: requests were not answered in time")
        }
        tasks.notify(queue: .global()) { [group] in group.shutdownGracefully { _ in } }
    }

    private func open(_ listener: Listener) throws -> any Channel {
        switch listener {
        case .unix(let path, let mode, let group, let owner):
            let descriptor: CInt
            do throws(SocketFileError) {
                descriptor = try SocketFile(path: path).create(mode: mode, group: group, owner: owner)
            } catch {
                throw ControlError(error)
            }
            let channel = try listening(on: path) {
                try bootstrap { channel in
                    // Asked once: a connection does not change hands.
                    Peer.local(channel).map { peer in self.http { _ in peer } }
                }.withBoundSocket(descriptor).wait()
            }
            SocketFile.setQueue(1024, of: descriptor)
            return channel
        case .tcp(let host, let port, nil):
            let http = http(Peer.remote)
            return try listening(on: host) {
                try bootstrap { $0.eventLoop.makeSucceededFuture(http) }.bind(host: host, port: port).wait()
            }
        case .tcp(let host, let port, let files?):
            let tls = try TLSChannel(http(Peer.remote), tlsConfiguration: Self.configuration(files))
            return try listening(on: host) {
                try bootstrap { $0.eventLoop.makeSucceededFuture(tls) }.bind(host: host, port: port).wait()
            }
        }
    }

    private func http(_ peer: @escaping @Sendable (any Channel) -> Peer) -> HTTP1Channel {
        HTTP1Channel(
            responder: { try await self.respond($0, $1, peer($2)) }, configuration: configuration)
    }

    private func listening(on name: String, _ body: () throws -> any Channel) throws(ControlError) -> any Channel {
        do { return try body() } catch {
            throw ControlError(.cannotListen, "cannot listen on \(name): \(error)")
        }
    }

    private var configuration: HTTP1Channel.Configuration {
        let (head, body) = (service.options.headTimeout, service.options.bodyTimeout)
        return HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                ConnectionDeadlines(head: .seconds(Int64(head)), body: .seconds(Int64(body)))
            ],
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100))
    }

    private func bootstrap<Child: ServerChildChannel>(
        _ child: @escaping @Sendable (any Channel) -> EventLoopFuture<Child>
    ) -> ServerBootstrap {
        let (log, quiescing, maximum) = (log, quiescing, service.options.maximumConnections)
        let (executors, tasks) = (executors, tasks)
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        AvailableConnectionsChannelHandler(maxConnections: maximum))
                    try channel.pipeline.syncOperations.addHandler(quiescing.makeServerChannelHandler(channel: channel))
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                let executor = executors.first { $0.loop === channel.eventLoop }
                return child(channel).flatMap { child in
                    child.setup(channel: channel, logger: log).map { value in
                        tasks.enter()
                        _ = Task(executorPreference: executor) {
                            await child.handle(value: value, logger: log)
                            tasks.leave()
                        }
                    }
                }
            }
    }

    private static func configuration(_ files: TLSFiles) throws(ControlError) -> TLSConfiguration {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
            let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            return configuration
        } catch {
            throw ControlError(
                .badTLS, "cannot use the certificate \(files.certificate) with the key \(files.key): \(error)")
        }
    }
}

// MARK: One request

extension ControlServer {
    /// Ends the connection after an answer that came before the end of the request.
    private struct Unread: Error {}

    @Sendable private func respond(
        _ request: Request, _ writer: consuming ResponseWriter, _ peer: Peer
    ) async throws {
        var hasRead = false
        var reply = await service.reply(to: request.head, peer: peer) { maximum, arrived in
            let octets = try await Self.collect(request.body, upTo: maximum, arrived)
            hasRead = true
            return octets
        }
        let isUnread = !hasRead && request.head.mayHaveBody
        if isUnread { reply.fields[.connection] = "close" }
        try await writer.write(
            response: HTTPResponse(status: reply.status, headerFields: reply.fields.with(length: reply.body.count)),
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body)))
        if isUnread { throw Unread() }
    }

    private static func collect(
        _ body: RequestBody, upTo maximum: Int, _ arrived: (Int) throws -> Void
    ) async throws -> [UInt8] {
        var octets: [UInt8] = []
        for try await buffer in body {
            guard octets.count + buffer.readableBytes <= maximum else {
                throw GuardError(.bodyTooLarge, "the body is longer than \(maximum) octets")
            }
            try arrived(buffer.readableBytes)
            octets.append(contentsOf: buffer.readableBytesView)
        }
        return octets
    }
}

extension HTTPRequest {
    fileprivate var mayHaveBody: Bool {
        headerFields[.transferEncoding] != nil || headerFields[.contentLength].map { $0 != "0" } ?? false
    }
}

extension HTTPFields {
    fileprivate func with(length: Int) -> HTTPFields {
        var fields = self
        fields[.contentLength] = String(length)
        return fields
    }
}
