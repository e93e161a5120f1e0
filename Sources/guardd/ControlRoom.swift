import ControlAPI
import Glibc
import Guard
import KeyStore
import Libcrypto
import Logging
import Settings

/// The control API as a part of the daemon: made at start, told of new configurations, stopped with the rest.
struct ControlRoom: Sendable {
    private let service: ControlService
    private let server: ControlServer
    private let settings: ControlSettings
    private let chores: Chores
    private let log: Logger

    /// - Parameter owner: whom the socket belongs to where we start as root.
    /// - Throws: `StartupError` where a user does not exist or a file of credentials cannot be read.
    init(_ settings: ControlSettings, guard: Guard, metrics: Metrics, owner: uid_t?, log: Logger) throws {
        self.settings = settings
        self.log = log
        chores = Chores(guard: `guard`, log: log)
        service = ControlService(
            guard: `guard`, options: try Self.options(settings), metrics: metrics, log: log)
        var listeners: [ControlServer.Listener] = []
        if let path = settings.socket {
            listeners.append(
                .unix(path: path, mode: settings.socketMode, group: settings.socketGroup, owner: owner))
        }
        if let tcp = settings.tcp {
            listeners.append(
                .tcp(
                    host: tcp.host, port: tcp.port,
                    tls: settings.tls.map { ControlServer.TLSFiles(certificate: $0.certificate, key: $0.key) }))
        }
        server = ControlServer(service: service, listeners: listeners, log: log)
    }

    /// Listens, as root where we still are.
    func start() throws {
        do { try server.start() } catch let error as ControlError {
            throw StartupError(.unavailable, "control: \(error.message)")
        }
        chores.start()
    }

    /// Answers what is in work; takes nothing new.
    func stop(seconds: Int) { server.stop(seconds: seconds) }

    /// Users, credentials and sizes change at once; where and how we listen does not.
    func reload(_ new: ControlSettings?) throws {
        guard let new else {
            log.warning("[control] cannot go while guardd runs: restart guardd for that to take effect")
            return
        }
        if !new.listensLike(settings) {
            log.warning("[control]: sockets and times cannot change while guardd runs: restart guardd for that")
        }
        service.replace(options: try Self.options(new))
    }

    private static func options(_ settings: ControlSettings) throws -> ControlOptions {
        var options = ControlOptions()
        options.trustedUsers = try users(settings.trustedUsers, "trusted_users")
        options.supportUsers = try users(settings.supportUsers, "support_users")
        options.mailUsers = try users(settings.mailUsers, "mail_users")
        options.clientCredentials = try credentials(settings.clientCredentials)
        options.supportCredentials = try credentials(settings.supportCredentials)
        options.mailCredentials = try credentials(settings.mailCredentials)
        options.maximumMail = settings.maxMailSize
        options.maximumBody = settings.maxBodySize
        options.bodyBudget = settings.memoryBudget
        options.maximumConnections = settings.maxConnections
        options.headTimeout = settings.headTimeout
        options.bodyTimeout = settings.bodyTimeout
        return options
    }

    private static func users(_ names: [String], _ setting: String) throws -> Set<UInt32> {
        Set(
            try names.map { name in
                if let number = UInt32(name) { return number }
                guard let entry = getpwnam(name) else {
                    throw StartupError(
                        .configuration, "control: the user \"\(name)\" of \(setting) does not exist; correct it")
                }
                return entry.pointee.pw_uid
            })
    }

    private static func credentials(_ path: String?) throws -> BasicCredentials {
        guard let path else { return BasicCredentials() }
        do { return try BasicCredentials(file: path) } catch {
            throw StartupError(.unavailable, "control: \(error.message)")
        }
    }
}
