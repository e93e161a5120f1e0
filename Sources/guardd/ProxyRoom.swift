import Glibc
import Libcrypto
import Logging
import MailFlow
import MailProxy
import Settings

/// The proxies as a part of the daemon: listeners are made at start and stay; what they do with new messages changes with
/// the configuration.
final class ProxyRoom: Sendable {
    /// Makes the session for a new client of a listener.
    typealias SessionMaker = @Sendable (ClientAddress?) -> any ServerSession

    private let running: [ProxySettings]
    private let servers: [ProxyServer]
    private let makers: Lock<[SessionMaker]>
    private let log: Logger

    /// - Parameter owner: whom unix sockets belong to where we start as root.
    init(
        _ proxies: [ProxySettings], makers: [SessionMaker], hostname: String, owner: uid_t?, log: Logger
    ) throws {
        running = proxies
        self.log = log
        let current = Lock(makers)
        self.makers = current
        servers = try proxies.enumerated().map { index, proxy in
            ProxyServer(
                try Self.options(proxy, hostname: hostname, owner: owner), log: { log.warning("\($0)") },
                session: { client in current.withLock { $0[index] }(client) })
        }
    }

    private static func options(
        _ proxy: ProxySettings, hostname: String, owner: uid_t?
    ) throws -> ListenerOptions {
        var options = ListenerOptions(
            name: proxy.name, endpoint: try endpoint(proxy.listen, proxy), hostname: hostname)
        options.flavour = proxy.role == .lmtp ? .lmtp : .smtp
        options.peers = proxy.peers
        options.bareLineEnds = proxy.role == .beforeQueue ? .reject : .repair
        options.maxSize = proxy.maxSize
        options.maxConnections = proxy.maxConnections
        options.maxRecipients = proxy.maxRecipients
        options.commandTimeout = Double(proxy.commandTimeout)
        options.contentTimeout = Double(proxy.contentTimeout)
        options.tls =
            switch proxy.tls {
            case .none: .none
            case .may: .may
            case .required: .required
            }
        options.certificate = proxy.certificate
        options.key = proxy.key
        options.socketMode = proxy.socketMode
        options.socketGroup = proxy.socketGroup
        options.socketOwner = owner
        return options
    }

    static func endpoint(_ text: String, _ proxy: ProxySettings) throws -> SMTPEndpoint {
        guard let endpoint = SMTPEndpoint(text) else {
            throw StartupError(
                .configuration, "proxy \(proxy.name): \"\(text)\" is no address; write \"127.0.0.1:10025\"")
        }
        return endpoint
    }

    /// Listens, as root where we still are.
    func start() throws {
        for server in servers {
            do { try server.start() } catch let error as ListenerError {
                throw StartupError(.unavailable, error.message)
            }
            log.notice("proxy \(server.options.name) on \(server.options.endpoint)")
        }
    }

    /// Whether the listeners of a new configuration are those that run; the log says what is not.
    func accepts(_ proxies: [ProxySettings]) -> Bool {
        let isSame = proxies.count == running.count && zip(proxies, running).allSatisfy { $0.listensLike($1) }
        if !isSame {
            log.warning("proxies cannot change where they listen while guardd runs: restart guardd for that")
        }
        return isSame
    }

    /// New messages are treated as a new configuration says.
    func replace(_ makers: [SessionMaker]) {
        guard makers.count == servers.count else { return }
        self.makers.withLock { $0 = makers }
    }

    var messagesInFlight: Int { servers.reduce(0) { $0 + $1.messagesInFlight } }

    /// Takes no new messages, and waits for those in work.
    ///
    /// - Returns: how many did not end in time.
    func drain(seconds: Int) -> Int {
        // All stop listening at once; the time is for all together.
        let deadline = Clock.milliseconds() + Int64(seconds) * 1000
        for server in servers { _ = server.drain(seconds: 0) }
        return servers.reduce(0) {
            $0 + $1.drain(seconds: Double(max(0, deadline - Clock.milliseconds())) / 1000)
        }
    }

    func stop() { for server in servers { server.stop() } }
}

extension Assembly {
    /// The proxies; nil where the configuration has none.
    func proxies(
        _ configuration: Configuration, source: SnapshotSource, owner: uid_t?
    ) throws -> ProxyRoom? {
        guard !configuration.proxies.isEmpty else { return nil }
        return try ProxyRoom(
            configuration.proxies, makers: try proxyMakers(configuration, source),
            hostname: configuration.service.hostname, owner: owner, log: log)
    }

    /// For each proxy of a configuration what makes its sessions.
    func proxyMakers(
        _ configuration: Configuration, _ source: SnapshotSource
    ) throws -> [ProxyRoom.SessionMaker] {
        let first = try source.context()
        return try configuration.proxies.map { proxy in
            var hop = ClientSettings(
                endpoint: try ProxyRoom.endpoint(proxy.nextHop, proxy), helloName: configuration.service.hostname)
            hop.flavour = proxy.role == .lmtp ? .lmtp : .smtp
            hop.tls =
                switch proxy.nextHopTLS {
                case .none: .none
                case .may: .may
                case .required: .required
                }
            hop.tlsName = proxy.nextHopTLSName
            hop.tlsAuthorities = proxy.nextHopAuthorities
            hop.timeouts.command = Double(proxy.nextHopTimeout)
            hop.timeouts.greeting = Double(proxy.nextHopTimeout)
            hop.timeouts.data = min(hop.timeouts.data, Double(proxy.nextHopTimeout))
            let redelivery =
                proxy.role == .lmtp ? nil : reinjector(to: hop, budget: proxy.budget, keep: proxy.keepConnections)
            let (settings, name, log) = (hop, proxy.name, log)
            return { client in
                ProxyRelay(
                    to: settings, answers: proxy.role == .lmtp ? .each : .one, budget: Double(proxy.budget),
                    log: { log.warning("proxy \(name): \($0)") }
                ) { queueID in
                    // Listeners open after the first snapshot is there.
                    let context = source.current?.context ?? first
                    return switch proxy.role {
                    case .assert: AssertedMessage(context: context, queueID: queueID)
                    case .lmtp:
                        ProxyMessage(
                            context: context, declaration: proxy.declaration, client: client, queueID: queueID)
                    case .afterQueue, .beforeQueue:
                        ProxyMessage(
                            context: context, declaration: proxy.declaration, answers: .one(redelivery: redelivery),
                            client: client, queueID: queueID)
                    }
                }
            }
        }
    }
}
