/// Where a store is: `sqlite:/path`, a plain path, or a URL of PostgreSQL as libpq reads it (`postgresql://...`).
public enum StoreLocation: Sendable, Equatable {
    case sqlite(path: String)
    /// May hold a password: never printed.
    case postgres(url: String)

    public init(_ text: String) {
        if text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") {
            self = .postgres(url: text)
        } else if text.hasPrefix("sqlite:") {
            let path = text.dropFirst("sqlite:".utf8.count)
            self = .sqlite(path: String(path.hasPrefix("///") ? path.dropFirst(2) : path))
        } else {
            self = .sqlite(path: text)
        }
    }

    /// The file of an SQLite store; nil for a server.
    public var path: String? {
        guard case .sqlite(let path) = self else { return nil }
        return path
    }

    /// The same without a password, for messages.
    public var name: String {
        switch self {
        case .sqlite(let path): path
        case .postgres(let url): PostgresAddress.name(of: url)
        }
    }

    func engine(readers: Int, busyTimeout: Double, maximumPages: Int? = nil) throws -> any StoreEngine {
        switch self {
        case .sqlite(let path):
            try SQLiteEngine(path: path, readers: readers, busyTimeout: busyTimeout, maximumPages: maximumPages)
        case .postgres(let url):
            PostgresEngine(address: try PostgresAddress(url), connections: readers + 2, busyTimeout: busyTimeout)
        }
    }
}
