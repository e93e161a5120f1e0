import Libcrypto

/// Moves a whole store to another place or engine: all rows with their numbers, in one transaction of the target, compared
/// before it is committed.
public struct StoreCopy {
    /// What became of one table.
    public struct Table: Sendable, Equatable {
        public let name: String
        public let rows: Int
        /// SHA-256 over the rows in whatever order, 64 hexadecimal digits: the same on either side.
        public let digest: String
    }

    private let source: any StoreEngine
    private let target: any StoreEngine

    /// - Throws: `missing` where the source is none; `newerSchema`; what opening the two throws.
    public init(from: String, to: String) throws {
        let (from, to) = (StoreLocation(from), StoreLocation(to))
        guard from != to else { throw KeyStoreError(.exists, "store \(to.name): is the source itself") }
        if let path = from.path, !FileSystem.exists(path) {
            throw KeyStoreError(.missing, "store \(path): is not there")
        }
        source = try from.engine(readers: 2, busyTimeout: 5)
        let newest = Schema.migrations.last?.version ?? 0
        let version = try source.schemaVersion()
        guard version == newest else {
            throw KeyStoreError(
                version > newest ? .newerSchema : .missing,
                "store \(from.name): has schema \(version), this program copies \(newest); open it with guardd first")
        }
        target = try to.engine(readers: 2, busyTimeout: 5)
    }

    /// - Parameter progress: called with a table, its rows written so far and all its rows.
    /// - Throws: `exists` if the target holds anything; `corrupt` if source and copy differ. Then the target has nothing.
    public func run(progress: ((String, Int, Int) -> Void)? = nil) throws -> [Table] {
        try Migrator(migrations: Schema.migrations).run(on: target, now: 0)
        return try source.readForLong { from in
            try target.writeForLong { to in
                try refuseFilled(to)
                return try Schema.tables.map { table in try copy(table, from, to, progress) }
            }
        }
    }

    private func refuseFilled(_ to: any StoreConnection) throws {
        for table in Schema.tables where table.name != "store_change" {
            guard try to.row("SELECT 1 AS one FROM \(table.name) LIMIT 1") == nil else {
                throw KeyStoreError(.exists, "store \(target.name): is not empty; nothing was copied")
            }
        }
        // The one row of this table comes from the source too.
        try to.execute("DELETE FROM store_change")
    }

    private func copy(
        _ table: Schema.Table, _ from: any StoreConnection, _ to: any StoreConnection,
        _ progress: ((String, Int, Int) -> Void)?
    ) throws -> Table {
        let all = Int(clamping: try from.row("SELECT COUNT(*) AS n FROM \(table.name)")?.integer("n") ?? 0)
        var wanted = RowsDigest()
        try source.forEachPage(of: table.name, from) { rows in
            for row in rows {
                try wanted.add(row)
                let names = row.names
                let insert = """
                    INSERT INTO \(table.name) (\(names.joined(separator: ", ")))
                    VALUES (\(names.map { ":" + $0 }.joined(separator: ", ")))
                    """
                try to.execute(insert, Dictionary(zip(names, row.values)) { first, _ in first })
            }
            progress?(table.name, wanted.count, all)
        }
        if table.hasIdentity {
            try target.setLastIdentity(source.lastIdentity(of: table.name, from), of: table.name, to)
        }
        var found = RowsDigest()
        try target.forEachPage(of: table.name, to) { for row in $0 { try found.add(row) } }
        guard found == wanted, found.count == all else {
            throw KeyStoreError(
                .corrupt, "store \(target.name): the copy of table \(table.name) differs; nothing was copied")
        }
        return Table(name: table.name, rows: found.count, digest: found.hex)
    }
}

/// A digest of rows that does not depend on their order.
private struct RowsDigest: Equatable {
    private(set) var count = 0
    private var sum = [UInt8](repeating: 0, count: 32)

    mutating func add(_ row: SQLRow) throws {
        var octets: [UInt8] = []
        for (name, value) in zip(row.names, row.values).sorted(by: { $0.0 < $1.0 }) {
            Self.append([UInt8](name.utf8), kind: 0, to: &octets)
            switch value {
            case .null: octets.append(1)
            case .integer(let number): Self.append([UInt8](String(number).utf8), kind: 2, to: &octets)
            case .text(let text): Self.append([UInt8](text.utf8), kind: 3, to: &octets)
            case .blob(let blob): Self.append(blob, kind: 4, to: &octets)
            }
        }
        count += 1
        for (index, octet) in try Digest.hash(.sha256, octets).enumerated() where index < sum.count {
            sum[index] ^= octet
        }
    }

    var hex: String { sum.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    private static func append(_ field: [UInt8], kind: UInt8, to octets: inout [UInt8]) {
        octets.append(kind)
        octets += Array("\(field.count):".utf8)
        octets += field
    }
}
