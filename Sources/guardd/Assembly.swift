import Logging
import MailFlow

/// What a configuration file says.
struct LoadedConfiguration: Sendable {
    var settings = DaemonSettings()
}

/// Builds the running parts out of the configuration: the only place that knows all of them.
struct Assembly: Sendable {
    let counters = Counters()

    init(_ loaded: LoadedConfiguration, log: Logger) throws {}

    static func load(path: String) throws -> LoadedConfiguration {
        throw StartupError(.configuration, "\(path): this build cannot read a configuration yet")
    }

    func snapshot(_ loaded: LoadedConfiguration) -> Snapshot {
        Snapshot(makeSession: { NotReadySession() })
    }
}
