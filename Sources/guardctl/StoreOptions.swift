import ArgumentParser
import Foundation
import KeyStore
import Settings

/// Where the store and its master key are.
struct StoreOptions: ParsableArguments {
    static let defaultConfiguration = "/etc/guardd/guardd.toml"

    @Option(
        name: .long,
        help: ArgumentHelp("The configuration of guardd (default: \(defaultConfiguration)).", valueName: "file"))
    var config: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The key store, a file or a URL of PostgreSQL, instead of the configured one.", valueName: "store"))
    var store: String?

    @Option(
        name: .customLong("master-key"),
        help: ArgumentHelp("The master key, instead of the configured one.", valueName: "file"))
    var masterKey: String?

    /// Store and master key by option, configuration or default, in this order.
    func paths() throws -> (store: String, masterKey: String) {
        if let store, let masterKey { return (store, masterKey) }
        let settings = try settings()
        return (store ?? settings.store, masterKey ?? MasterKey.location(configured: settings.masterKey))
    }

    /// What the configuration says; its defaults where there is none.
    func settings() throws -> ServiceSettings {
        let path = config ?? Self.defaultConfiguration
        // Without any configuration the defaults hold; one that was named must be there.
        if config == nil, !FileManager.default.fileExists(atPath: path) {
            return ServiceSettings(hostname: "localhost")
        }
        return try Configuration.load(path: path).service
    }

    /// The opened store. `guardctl init` makes it; nothing else does.
    func open() throws -> KeyStore {
        let (store, masterKey) = try paths()
        guard try KeyStore.exists(url: store) else {
            throw KeyStoreError(.missing, "there is no key store \(StoreLocation(store).name): run guardctl init first")
        }
        return try KeyStore(url: store, master: MasterKey.load(path: masterKey))
    }
}
