/// What keeps the tables: an SQLite file or a PostgreSQL server. Every error is a ``KeyStoreError``.
protocol StoreEngine: Sendable {
    var dialect: Dialect { get }
    /// For messages: a path, or a URL without its password.
    var name: String { get }

    /// Reads in one snapshot, beside other readers and the writer.
    func read<T>(_ body: (any StoreConnection) throws -> T) throws -> T
    /// Reads with single statements, each a snapshot of its own: cheaper when there is only one.
    func readStatement<T>(_ body: (any StoreConnection) throws -> T) throws -> T
    /// Writes in one transaction, which is durable when this returns. `body` may run more than once.
    func write<T>(_ body: (any StoreConnection) throws -> T) throws -> T

    /// The same two without a bound on the time of a statement, for upgrades and copies of a whole store.
    func readForLong<T>(_ body: (any StoreConnection) throws -> T) throws -> T
    func writeForLong<T>(_ body: (any StoreConnection) throws -> T) throws -> T

    /// The change counter, from memory where nobody can have written.
    func counter(_ read: () throws -> Int64) throws -> Int64

    /// The version of the schema; 0 for an empty store.
    func schemaVersion() throws -> Int
    func schemaVersion(_ connection: any StoreConnection) throws -> Int
    /// Within the transaction of an upgrade.
    func setSchemaVersion(_ version: Int, _ connection: any StoreConnection) throws
    /// A copy of what is there before an upgrade, where the engine does not have copies of its own.
    func backUp(schema version: Int, now: Int64) throws

    /// All rows of a table, some hundred at a time.
    func forEachPage(of table: String, _ connection: any StoreConnection, _ body: ([SQLRow]) throws -> Void) throws
    /// The highest row number that a table ever gave out, and how it is set: numbers are never used again.
    func lastIdentity(of table: String, _ connection: any StoreConnection) throws -> Int64
    func setLastIdentity(_ last: Int64, of table: String, _ connection: any StoreConnection) throws

    /// Takes what was deleted out of logs and free pages, as far as nobody reads it just now.
    func scrub()
    func settings() throws -> KeyStore.Settings
    func close() throws
}
