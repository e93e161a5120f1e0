import Glibc
import Libcrypto
import Logging
import MilterServer
import Settings

/// From start to end: configuration, socket, privileges, store, service.
struct Daemon {
    let configurationPath: String

    /// Serves until told to stop, then leaves the process: workers of libmilter may still run, and the cleaning up of an
    /// ordinary exit would pull libraries from under them.
    func run() throws -> Never {
        Hardening.apply()
        let configuration = try Assembly.load(path: configurationPath)
        let settings = configuration.service
        let privileges = try Privileges.planned(user: settings.user, group: settings.group)
        let log = Self.makeLogger(settings)
        SecretBytes.whenUnlocked {
            log.warning("keys may reach the swap space: the limit of locked memory is too low, raise LimitMEMLOCK")
        }

        // The store before the socket: nobody may connect to a guardd that cannot work. The socket before privileges go
        // for good: its directory and group may ask for root.
        let assembly: Assembly
        if let privileges {
            assembly = try privileges.borrowed { try Assembly(settings, log: log) }
        } else {
            assembly = try Assembly(settings, log: log)
        }
        let source = SnapshotSource()
        source.replace(with: try assembly.snapshot(configuration))
        let server: MilterServer
        do {
            var options = MilterServer.Options(address: try ListenAddress(settings.socket))
            options.mode = settings.socketMode
            options.group = settings.socketGroup
            options.owner = privileges?.user
            options.maxMessages = settings.maxMessages
            server = MilterServer(options: options, sessions: source) { log.log(level: $0.logLevel, "\($1)") }
            try server.open()
        } catch let error as MilterError {
            throw StartupError(error.code == .badSocket ? .configuration : .unavailable, error.message)
        }
        let control: ControlRoom?
        if let privileges {
            control = try privileges.borrowed {
                try assembly.control(configuration, source: source, owner: privileges.user)
            }
        } else {
            control = try assembly.control(configuration, source: source, owner: nil)
        }
        let proxies = try assembly.proxies(configuration, source: source, owner: privileges?.user)
        try control?.start()
        try proxies?.start()
        try privileges?.drop()

        let notifier = ServiceNotifier()
        let reloader = Reloader(
            path: configurationPath, running: settings, assembly: assembly, source: source, control: control,
            proxies: proxies, notifier: notifier, log: log)
        SignalThread(
            notifier: notifier, reload: { reloader.reload() },
            drain: {
                let running = server.messagesInFlight + (proxies?.messagesInFlight ?? 0)
                log.notice(
                    "stopping: \(running) messages may finish within \(settings.drainTimeout) s, new ones are deferred")
                notifier.stopping("Waiting for \(running) messages")
                // Nothing new by any door; the time is for all of them together.
                let deadline = Clock.milliseconds() + Int64(settings.drainTimeout) * 1000
                _ = server.drain(seconds: 0)
                var left = proxies?.drain(seconds: settings.drainTimeout) ?? 0
                left += server.drain(seconds: max(0, Int((deadline - Clock.milliseconds()) / 1000)))
                assembly.connections.stop()
                if left > 0 { log.warning("\(left) messages did not finish in time, Postfix keeps and retries them") }
                control?.stop(seconds: settings.drainTimeout)
                proxies?.stop()
                server.stop()
            }
        ).start()
        log.notice("listening on \(settings.socket)")
        if let socket = configuration.control?.socket { log.notice("control API on \(socket)") }
        notifier.ready("Listening on \(settings.socket)")
        do {
            try server.run()
        } catch {
            log.critical("\(error)")
            _exit(StartupError.Status.unavailable.rawValue)
        }
        notifier.stopping("Stopped")
        log.notice("stopped; \(assembly.counters.summary)")
        _exit(0)
    }

    private static func makeLogger(_ settings: ServiceSettings) -> Logger {
        Logger(label: "guardd") { _ in
            switch settings.log {
            case .stderr: StandardErrorLog()
            case .syslog: SystemLog(facility: settings.syslogFacility)
            }
        }
    }
}

extension MilterServer.LogLevel {
    var logLevel: Logger.Level {
        switch self {
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        }
    }
}
