import ArgumentParser
import Foundation
import KeyStore

/// `guardctl init`: master key and key store.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make the master key and the key store.",
        discussion: """
            Makes what is missing and leaves what is there: a master key of 32 random octets with mode 0600, and the key \
            store bound to it. Run it as the user guardd runs as, so that the files belong to that user.
            """)

    @OptionGroup var options: StoreOptions

    func run() throws {
        try Failure.reported {
            let (store, masterKey) = try options.paths()
            for path in [store, masterKey] {
                let folder = (path as NSString).deletingLastPathComponent
                guard !folder.isEmpty, !FileManager.default.fileExists(atPath: folder) else { continue }
                do {
                    try FileManager.default.createDirectory(
                        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
                } catch {
                    throw KeyStoreError(
                        .permissions,
                        "cannot make the directory \(folder): \(error.localizedDescription); make it and give it to guardd's user"
                    )
                }
            }
            let isNewKey = !FileManager.default.fileExists(atPath: masterKey)
            let isNewStore = !FileManager.default.fileExists(atPath: store)
            // A fresh key cannot open an old store: better to stop than to bind nothing to it.
            guard !isNewKey || isNewStore else {
                throw KeyStoreError(
                    .missing,
                    "the key store \(store) is there, but its master key \(masterKey) is not: restore it from a backup")
            }
            let master = isNewKey ? try MasterKey.create(path: masterKey) : try MasterKey.load(path: masterKey)
            try KeyStore(path: store, master: master).close()
            Output.write(
                """
                master key  \(masterKey)  \(isNewKey ? "made" : "was there")
                key store   \(store)  \(isNewStore ? "made" : "was there")

                """)
            guard isNewKey else { return }
            Output.write(
                """

                Back up the master key apart from the store: without it the gateway's secret keys are lost.
                Next: guardctl key generate user@your.domain
                      guardctl key import partner.asc
                      guardctl config check

                """)
        }
    }
}
