import Logging
import Settings

/// A reload: all of the new configuration or nothing of it. Called on the signal thread only.
struct Reloader: Sendable {
    let path: String
    /// What the process was started with.
    let running: ServiceSettings
    let assembly: Assembly
    let source: SnapshotSource
    let control: ControlRoom?
    let proxies: ProxyRoom?
    let notifier: ServiceNotifier
    let log: Logger

    func reload() {
        notifier.reloading()
        log.notice("so far: \(assembly.counters.summary)")
        do {
            let configuration = try Assembly.load(path: path)
            for name in configuration.service.fixedSettings(differingFrom: running) {
                log.warning("\(name) cannot change while guardd runs: restart guardd for the new value to take effect")
            }
            let snapshot = try assembly.snapshot(configuration)
            try control?.reload(configuration.control)
            let makers = try assembly.proxyMakers(configuration, source)
            source.replace(with: snapshot)
            // They may lead to where nothing is to go any more.
            assembly.connections.closeAll()
            if let proxies {
                if proxies.accepts(configuration.proxies) { proxies.replace(makers) }
            } else if !makers.isEmpty {
                log.warning("proxies cannot be added while guardd runs: restart guardd for that")
            }
            log.notice("reloaded \(path); messages in flight keep the configuration they began with")
            notifier.ready("Reloaded")
        } catch {
            for line in (error as? StartupError)?.lines ?? ["\(error)"] { log.error("\(line)") }
            log.error("reload failed, the previous configuration stays in force")
            notifier.ready("Reload failed, the previous configuration stays in force")
        }
    }
}
