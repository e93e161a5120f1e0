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
            store bound to it; in PostgreSQL it makes the tables, not the database. Run as root it gives what it makes to the user that the configuration names, or --user; \
            else run it as the user guardd runs as.

            JSON: {"masterKey", "masterKeyMade", "store", "storeMade", "masterID"}.
            """)

    @OptionGroup var options: StoreOptions
    @Option(name: .long, help: ArgumentHelp("Whose the files are, instead of the configured user.", valueName: "name"))
    var user: String?
    @Flag(name: .long, help: "Write JSON.") var json = false

    private struct Report: Encodable {
        let masterKey: String
        let masterKeyMade: Bool
        let store: String
        let storeMade: Bool
        let masterID: String
    }

    func run() throws {
        try Failure.reported {
            let (url, masterKey) = try options.paths()
            let location = StoreLocation(url)
            let store = location.name
            let owner = try owner()
            for path in [location.path, masterKey].compactMap({ $0 }) {
                let folder = (path as NSString).deletingLastPathComponent
                guard !folder.isEmpty, !FileManager.default.fileExists(atPath: folder) else { continue }
                do {
                    try FileManager.default.createDirectory(
                        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
                    try give(folder, to: owner)
                } catch {
                    throw KeyStoreError(
                        .permissions,
                        "cannot make the directory \(folder): \(error.localizedDescription); make it and give it to guardd's user"
                    )
                }
            }
            let isNewKey = !FileManager.default.fileExists(atPath: masterKey)
            let isNewStore = try !KeyStore.exists(url: url)
            // A fresh key cannot open an old store: better to stop than to bind nothing to it.
            guard !isNewKey || isNewStore else {
                throw KeyStoreError(
                    .missing,
                    "the key store \(store) is there, but its master key \(masterKey) is not: restore it from a backup")
            }
            let master = isNewKey ? try MasterKey.create(path: masterKey) : try MasterKey.load(path: masterKey)
            if isNewKey { try give(masterKey, to: owner) }
            try KeyStore(url: url, master: master).close()
            for file in ["", "-wal", "-shm"].compactMap({ suffix in location.path.map { $0 + suffix } })
            where isNewStore && FileManager.default.fileExists(atPath: file) {
                try give(file, to: owner)
            }
            if json {
                return try Output.json(
                    Report(
                        masterKey: masterKey, masterKeyMade: isNewKey, store: store, storeMade: isNewStore,
                        masterID: master.id))
            }
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

    /// The daemon's user, where root runs this and can give files away.
    private func owner() throws -> (user: uid_t, group: gid_t)? {
        guard geteuid() == 0 else { return nil }
        let isConfigured = options.store == nil || options.masterKey == nil || options.config != nil
        guard let name = try user ?? (isConfigured ? options.settings().user : nil) else { return nil }
        guard let entry = getpwnam(name) else {
            throw InputError("user \(name): does not exist; create it, or change user in the configuration")
        }
        return (entry.pointee.pw_uid, entry.pointee.pw_gid)
    }

    private func give(_ path: String, to owner: (user: uid_t, group: gid_t)?) throws {
        guard let owner else { return }
        guard chown(path, owner.user, owner.group) == 0 else {
            throw KeyStoreError(.permissions, "\(path): cannot be given to user \(owner.user)")
        }
    }
}
