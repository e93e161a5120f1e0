import ControlAPI
import Foundation
import Glibc
import Guard
import KeyStore
import Libcrypto
import Logging
import MailFlow
import MailProxy
import MilterServer
import OpenPGP
import ProtectedMail
import Settings

/// The running parts that stay when the configuration changes, and the only place that puts them together: key store,
/// budget, counters, log.
struct Assembly: Sendable {
    let counters = Counters()
    let metrics = Metrics()
    /// Connections to next hops that wait for more copies.
    let connections = KeptConnections()
    private let store: KeyStore
    private let budget: Budget
    private let markerKey: SecretBytes
    private let journalKey: SecretBytes
    let log: Logger

    /// Opens the store as the user guardd runs as.
    init(_ service: ServiceSettings, log: Logger) throws {
        do {
            let master = try MasterKey.load(path: MasterKey.location(configured: service.masterKey))
            markerKey = try master.derive(purpose: .marker)
            journalKey = try master.derive(purpose: .journal)
            store = try KeyStore(url: service.store, master: master, readers: service.workers)
        } catch {
            throw StartupError(.unavailable, "\(error)")
        }
        budget = Budget(limit: service.memoryBudget)
        self.log = log
    }

    /// Reads a configuration; every mistake in it is a line of the error.
    static func load(path: String) throws -> Configuration {
        do {
            let configuration = try Configuration.load(path: path)
            // The rest of the file is checked there; the notation is libmilter's affair.
            _ = try ListenAddress(configuration.service.socket)
            return configuration
        } catch let error as ConfigurationError {
            let status: StartupError.Status = error.code == .unreadable ? .unreadable : .configuration
            throw StartupError(status, error.problems.map(\.description))
        } catch let error as MilterError {
            throw StartupError(.configuration, "\(path): \(error.message)")
        }
    }

    /// What new messages get from now on.
    ///
    /// - Throws: `StartupError` where the authorities or revocation lists of S/MIME cannot be read.
    func snapshot(_ configuration: Configuration) throws -> Snapshot {
        let trust = try trust(configuration.smime)
        let guests =
            configuration.guard.settings.guests.areAllowed
            ? GuestKeeper(guard: try writingGuard(configuration)) : nil
        let context = SessionContext(
            policy: configuration.policy,
            keys: StoreKeys(store, policy: configuration.policy.algorithms, trust: trust),
            now: Clock.now, milliseconds: Clock.milliseconds,
            log: { [counters, metrics, log] record in
                counters.count(record.result.rawValue)
                metrics.add(record)
                log.info("\(record.line)")
            }, budget: budget, markerKey: markerKey, redelivery: try reinjector(configuration),
            guests: guests,
            spoolDirectory: configuration.service.spoolDirectory)
        return Snapshot(context: context) { Session(context: context) }
    }
}

extension Assembly {
    /// The control API; nil where the configuration asks for none.
    ///
    /// - Parameter owner: whom the socket belongs to where we start as root.
    func control(_ configuration: Configuration, source: SnapshotSource, owner: uid_t?) throws -> ControlRoom? {
        guard let settings = configuration.control else { return nil }
        return try ControlRoom(
            settings, guard: try makeGuard(configuration, source), metrics: metrics, owner: owner, log: log)
    }

    /// Who takes the copies of messages that are split; nil where the configuration names nobody.
    private func reinjector(_ configuration: Configuration) throws -> (any Redelivery)? {
        guard let split = configuration.split else { return nil }
        guard let endpoint = SMTPEndpoint(split.nextHop) else {
            throw StartupError(
                .configuration, "[split] next_hop = \"\(split.nextHop)\" is no address; write \"127.0.0.1:10026\"")
        }
        var settings = ClientSettings(endpoint: endpoint, helloName: configuration.service.hostname)
        // To this machine's own mail server.
        settings.tls = .none
        return reinjector(to: settings, budget: split.budget, keep: split.keepConnections)
    }

    /// Takes the copies of a message to a mail server, each once.
    ///
    /// - Parameters:
    ///   - budget: seconds for all of them.
    ///   - keep: seconds for which a connection waits for the next message.
    func reinjector(to server: ClientSettings, budget: Int, keep: Int) -> any Redelivery {
        let journal = StoreJournal(store, key: journalKey, patience: Int64(budget) + 30)
        return Reinjector(
            server, budget: Double(budget), pool: connections, keep: Double(keep), journal: journal,
            log: { [log] in log.warning("\($0)") },
            count: { [metrics] in metrics.add(.copies, [("why", $0.rawValue)], by: $1) })
    }

    private func makeGuard(_ configuration: Configuration, _ source: SnapshotSource) throws -> Guard {
        let (settings, basis) = try basis(configuration)
        var ports = basis
        ports.crypto = DoorCrypto { try source.context() }
        ports.smimeTrust = try source.context().keys.smimeTrust()
        ports.certificates = try configuration.guard.pki.issuer()
        return Guard(store: store, settings: settings, ports: ports, now: Clock.now)
    }

    /// The use cases for the mail flow, which is there before there are snapshots of it: they only keep and write mail.
    private func writingGuard(_ configuration: Configuration) throws -> Guard {
        let (settings, ports) = try basis(configuration)
        return Guard(store: store, settings: settings, ports: ports, now: Clock.now)
    }

    private func basis(_ configuration: Configuration) throws -> (GuardSettings, GuardPorts) {
        var settings = configuration.guard.settings
        settings.localDomains = configuration.policy.localDomains
        settings.algorithms = configuration.policy.algorithms
        settings.serverName = configuration.service.hostname
        var ports = GuardPorts(log: { [log] in log.error("\($0)") })
        if let hop = configuration.guard.hop, let from = settings.mail.from {
            ports.mail = try SMTPMailSender(
                hop, from: from.address, hostname: configuration.service.hostname, markerKey: markerKey,
                log: ports.log)
        }
        ports.audited = { [metrics] action, result in metrics.add(.changes, [("action", action), ("result", result)]) }
        ports.passwords = configuration.guard.dovecot.map { DovecotVerifier(path: $0) }
        settings.recovery.offline = try configuration.guard.recoveryCertificate.map(Self.recoveryCertificate)
        return (settings, ports)
    }

    private static func recoveryCertificate(_ path: String) throws -> Certificate {
        guard let data = FileManager.default.contents(atPath: path),
            let certificate = try? Certificate(parsing: Array(data)),
            !certificate.encryptionKeys(at: Clock.now()).isEmpty
        else {
            throw StartupError(
                .unavailable,
                "\(path): offline_certificate of [guard.recovery] must name one OpenPGP certificate that can encrypt")
        }
        return certificate
    }

    private func trust(_ settings: SMIMESettings) throws -> SMIMETrust? {
        do {
            let (trust, skipped) = try settings.load()
            for problem in skipped { log.warning("smime: passed over \(problem)") }
            return trust
        } catch {
            throw StartupError(.unavailable, "smime: \(error)")
        }
    }
}

/// The clocks; everything below takes its time from here.
enum Clock {
    @Sendable static func now() -> Timestamp { Timestamp(Int64(time(nil))) }

    /// Only goes forward.
    @Sendable static func milliseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }
}
