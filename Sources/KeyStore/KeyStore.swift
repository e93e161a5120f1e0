import Glibc
import Libcrypto
import MIME
import ProtectedMail

/// What guardd remembers: certificates with their provenance, and the secret keys it uses alone, sealed.
///
/// One object per process. Every method may block on the file system and is safe to call from any thread; mail calls
/// them from milter workers, never from an event loop. All errors are ``KeyStoreError``.
public final class KeyStore: Sendable {
    /// For messages: the path of the file, or the URL without its password.
    public let path: String
    let database: any StoreEngine
    let keyring: Keyring
    let cache: CertificateCache
    let smimeCache = SMIMECache()
    /// Most look-ups of mail among the rings that users keep of others find nothing.
    let keptRings = CounterCache<KeptRingQuestion, [KnownCertificate]>(answers: 4096)
    let accounts = CounterCache<EmailAddress, AccountRecord?>(answers: 16384)
    let sessions = CounterCache<[UInt8], SessionRecord>(answers: 16384)
    let rings = CounterCache<Int64, [OwnRing]>(answers: 4096, octets: 32 << 20)
    /// Unix seconds for bookkeeping columns; never used to judge a key.
    let clock: @Sendable () -> Int64

    /// Opens the store, makes it where none is, and proves that the master key belongs to it.
    ///
    /// - Parameters:
    ///   - path: the SQLite file; its log and backups live beside it.
    ///   - master: see ``MasterKey/load(path:)``.
    ///   - readers: connections that may read at once.
    ///   - busyTimeout: seconds to wait for another process before `busy` is thrown.
    /// - Throws: `wrongMasterKey`, `newerSchema`, `notAStore`, `busy`, `permissions`, `corrupt`, `diskFull`.
    public convenience init(path: String, master: MasterKey, readers: Int = 4, busyTimeout: Double = 5) throws {
        try self.init(
            .sqlite(path: path), master: master, readers: readers, busyTimeout: busyTimeout,
            migrations: Schema.migrations)
    }

    /// The same for a store of either kind: `sqlite:/path`, a plain path, or `postgresql://user@host:port/database` and
    /// what else libpq reads, which many daemons may share.
    /// - Throws: `unavailable` besides.
    public convenience init(url: String, master: MasterKey, readers: Int = 4, busyTimeout: Double = 5) throws {
        try self.init(
            StoreLocation(url), master: master, readers: readers, busyTimeout: busyTimeout,
            migrations: Schema.migrations)
    }

    /// Whether there is a store already.
    public static func exists(url: String) throws -> Bool {
        let location = StoreLocation(url)
        if let path = location.path { return FileSystem.exists(path) }
        let engine = try location.engine(readers: 1, busyTimeout: 5)
        defer { try? engine.close() }
        return try engine.schemaVersion() > 0
    }

    init(
        _ location: StoreLocation, master: MasterKey, readers: Int = 4, busyTimeout: Double = 5,
        migrations: [Migration], maximumPages: Int? = nil, cacheLimits: CertificateCache.Limits = .init(),
        clock: @escaping @Sendable () -> Int64 = { Int64(time(nil)) }
    ) throws {
        path = location.name
        self.clock = clock
        database = try location.engine(readers: readers, busyTimeout: busyTimeout, maximumPages: maximumPages)
        try Migrator(migrations: migrations).run(on: database, now: clock())
        keyring = Keyring(master)
        cache = CertificateCache(limits: cacheLimits)
        try checkMasterKey(master)
    }

    /// Closes all connections; later calls throw.
    public func close() throws { try database.close() }

    /// How the connections are set up, read back from the engine.
    public struct Settings: Sendable, Equatable {
        public var journalMode: String
        /// 2 where every commit is on disk before it is acknowledged.
        public var synchronous: Int
        public var foreignKeys: Bool
        public var schemaVersion: Int
    }

    /// Asks the writing connection how it is set up.
    public func settings() throws -> Settings { try database.settings() }

    /// A number that rises with every change, made by whichever process.
    public func changeCounter() throws -> Int64 {
        guard let look = Self.look, look.store === self else { return try readCounter() }
        return try look.counter.withLock { known in
            if let known { return known }
            let counter = try readCounter()
            known = counter
            return counter
        }
    }

    private func readCounter() throws -> Int64 {
        try database.counter { try database.readStatement { try Self.counter($0) } }
    }

    /// One look at the counter, for several questions.
    private final class Look: Sendable {
        let store: KeyStore
        let counter = Lock<Int64?>(nil)
        init(_ store: KeyStore) { self.store = store }
    }

    @TaskLocal private static var look: Look?

    /// Runs `body`, on the thread of which the store looks once whether it has changed: when it is first asked for something. What is
    /// asked after that may be as old as this first answer. For questions that belong together; `body` must not write.
    public func withOneLook<R>(_ body: () throws -> R) rethrows -> R {
        try Self.$look.withValue(Look(self), operation: body)
    }

    static func counter(_ connection: any StoreConnection) throws -> Int64 {
        guard let counter = try connection.row(Query.counter)?.integer("counter") else {
            throw KeyStoreError(.corrupt, "store: its change counter is gone; restore the newest backup")
        }
        return counter
    }

    /// Raises the counter within a write and returns its new value, the revision of what is written.
    static func raiseCounter(_ connection: any StoreConnection) throws -> Int64 {
        try connection.execute(Query.raiseCounter)
        return try counter(connection)
    }
}
