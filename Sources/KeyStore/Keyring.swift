import Libcrypto

/// The master keys this process holds: one, and during a rotation two. A record that names an unknown key makes it
/// look at the key files again, so that a running daemon follows a rotation made by `guardctl`.
final class Keyring: Sendable {
    private struct State {
        var keys: [String: MasterKey]
        var newest: MasterKey
    }

    /// The file the master key is read from; nil if it lives in memory only.
    let home: String?
    private let state: Lock<State>

    init(_ master: MasterKey) {
        home = master.path
        state = Lock(State(keys: [master.id: master], newest: master))
    }

    /// The key the store was opened with, or the one that replaced it.
    var newest: MasterKey { state.withLock { $0.newest } }

    /// Takes a key as the one that counts.
    func add(_ master: MasterKey) {
        state.withLock {
            $0.keys[master.id] = master
            $0.newest = master
        }
    }

    /// Takes a key that is not in its final place yet.
    func hold(_ master: MasterKey) { state.withLock { $0.keys[master.id] = master } }

    func forget(_ id: String) {
        state.withLock { if $0.newest.id != id { $0.keys[id] = nil } }
    }

    /// - Throws: `wrongMasterKey` if neither memory nor the key files have it.
    func key(_ id: String) throws -> MasterKey {
        if let known = state.withLock({ $0.keys[id] }) { return known }
        let newest = newest
        for path in [home, newest.successorPath] {
            guard let path, let found = try? MasterKey.load(path: path), found.id == id else { continue }
            if path == home { add(found) } else { hold(found) }
            return found
        }
        throw KeyStoreError(
            .wrongMasterKey,
            "master key \(home ?? "in memory") (\(newest.id)): the store is sealed under key \(id); "
                + "give the key file that belongs to this store")
    }
}
