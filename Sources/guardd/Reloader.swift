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
            source.replace(with: snapshot)
            log.notice("reloaded \(path); messages in flight keep the configuration they began with")
            notifier.ready("Reloaded")
        } catch {
            for line in (error as? StartupError)?.lines ?? ["\(error)"] { log.error("\(line)") }
            log.error("reload failed, the previous configuration stays in force")
            notifier.ready("Reload failed, the previous configuration stays in force")
        }
    }
}
