/// One row of an answer. A column that is missing or of another type than it is read as is an error, never a trap.
package struct SQLRow: Sendable {
    /// In the order of the statement, shared by all rows of an answer.
    let names: [String]
    let values: [SQLValue]

    package func integer(_ column: String) throws -> Int64 {
        guard case .integer(let value) = try value(column) else { throw wrong(column, "a number") }
        return value
    }

    package func text(_ column: String) throws -> String {
        guard case .text(let value) = try value(column) else { throw wrong(column, "text") }
        return value
    }

    package func blob(_ column: String) throws -> [UInt8] {
        guard case .blob(let value) = try value(column) else { throw wrong(column, "octets") }
        return value
    }

    package func bool(_ column: String) throws -> Bool { try integer(column) != 0 }

    package func integerOrNil(_ column: String) throws -> Int64? {
        try value(column) == .null ? nil : try integer(column)
    }

    package func textOrNil(_ column: String) throws -> String? { try value(column) == .null ? nil : try text(column) }

    package func blobOrNil(_ column: String) throws -> [UInt8]? {
        try value(column) == .null ? nil : try blob(column)
    }

    func value(_ column: String) throws -> SQLValue {
        // So few that looking through them is cheaper than hashing.
        guard let index = names.firstIndex(of: column), index < values.count else {
            throw KeyStoreError(.internalFailure, "store: an answer has no column \(column)")
        }
        return values[index]
    }

    private func wrong(_ column: String, _ expected: String) -> KeyStoreError {
        KeyStoreError(.corrupt, "store: column \(column) is not \(expected); restore the newest backup")
    }
}
