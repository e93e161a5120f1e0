/// A connection to the store within one transaction. Statements name their parameters (`:name`), which are bound, never
/// written into the text; they are prepared once for each connection.
package protocol StoreConnection: AnyObject {
    /// The rows that a statement answers with; also of `INSERT ... RETURNING`.
    func rows(_ sql: String, _ arguments: [String: SQLValue]) throws -> [SQLRow]

    /// Runs a statement without an answer.
    /// - Returns: how many rows it changed.
    @discardableResult
    func execute(_ sql: String, _ arguments: [String: SQLValue]) throws -> Int
}

extension StoreConnection {
    package func rows(_ sql: String) throws -> [SQLRow] { try rows(sql, [:]) }

    /// The first row of the answer.
    package func row(_ sql: String, _ arguments: [String: SQLValue] = [:]) throws -> SQLRow? {
        try rows(sql, arguments).first
    }

    @discardableResult
    package func execute(_ sql: String) throws -> Int { try execute(sql, [:]) }
}
