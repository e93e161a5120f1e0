import Foundation
import GRDB

/// A connection of the pool, for as long as a transaction lasts.
final class SQLiteConnection: StoreConnection {
    let database: Database

    init(_ database: Database) { self.database = database }

    func rows(_ sql: String, _ arguments: [String: SQLValue]) throws -> [SQLRow] {
        let statement = try database.cachedStatement(sql: sql)
        let names = statement.columnNames
        return try Row.fetchAll(statement, arguments: Self.bound(arguments)).map { row in
            SQLRow(names: names, values: row.databaseValues.map(Self.value))
        }
    }

    @discardableResult
    func execute(_ sql: String, _ arguments: [String: SQLValue]) throws -> Int {
        try database.cachedStatement(sql: sql).execute(arguments: Self.bound(arguments))
        return database.changesCount
    }

    private static func bound(_ arguments: [String: SQLValue]) -> StatementArguments {
        var values: [String: DatabaseValue] = [:]
        values.reserveCapacity(arguments.count)
        for (name, value) in arguments {
            values[name] =
                switch value {
                case .null: .null
                case .integer(let number): number.databaseValue
                case .text(let text): text.databaseValue
                case .blob(let octets): Data(octets).databaseValue
                }
        }
        return StatementArguments(values)
    }

    private static func value(_ value: DatabaseValue) -> SQLValue {
        switch value.storage {
        case .null: .null
        case .int64(let number): .integer(number)
        case .string(let text): .text(text)
        case .blob(let data): .blob([UInt8](data))
        // No column is of this type; whoever reads it says so.
        case .double(let number): .text("\(number)")
        }
    }
}
