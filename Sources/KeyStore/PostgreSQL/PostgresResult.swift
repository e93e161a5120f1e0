import CPQ

/// The answer to one statement, in binary form.
@safe final class PostgresResult {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) { unsafe self.handle = unsafe handle }

    deinit { unsafe PQclear(handle) }

    /// What the server said if it refused.
    var failure: PostgresFailure? {
        switch unsafe PQresultStatus(handle) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: nil
        default:
            PostgresFailure(
                state: field(UInt8(ascii: "C")) ?? "08006", message: field(UInt8(ascii: "M")) ?? "connection lost")
        }
    }

    private func field(_ code: UInt8) -> String? {
        guard let text = unsafe PQresultErrorField(handle, Int32(code)) else { return nil }
        return unsafe String(cString: text)
    }

    /// `COMMIT`, or `ROLLBACK` where something had failed before.
    var tag: String {
        guard let text = unsafe PQcmdStatus(handle) else { return "" }
        return unsafe String(cString: text)
    }

    var changed: Int {
        guard let text = unsafe PQcmdTuples(handle) else { return 0 }
        return unsafe Int(String(cString: text)) ?? 0
    }

    var parameterTypes: [Oid] { unsafe (0..<max(0, PQnparams(handle))).map { unsafe PQparamtype(handle, $0) } }

    var columnNames: [String] {
        unsafe (0..<max(0, PQnfields(handle))).map { column in
            guard let name = unsafe PQfname(handle, column) else { return "" }
            return unsafe String(cString: name)
        }
    }

    func rows(names: [String]) throws -> [SQLRow] {
        let types = names.indices.map { unsafe PQftype(handle, Int32($0)) }
        let count = unsafe max(0, PQntuples(handle))
        var rows: [SQLRow] = []
        rows.reserveCapacity(Int(count))
        for row in 0..<count {
            var values: [SQLValue] = []
            values.reserveCapacity(types.count)
            for (column, type) in types.enumerated() { values.append(try value(row, Int32(column), type)) }
            rows.append(SQLRow(names: names, values: values))
        }
        return rows
    }

    private func value(_ row: Int32, _ column: Int32, _ type: Oid) throws -> SQLValue {
        if unsafe PQgetisnull(handle, row, column) == 1 { return .null }
        let count = unsafe Int(PQgetlength(handle, row, column))
        guard count > 0, let start = unsafe PQgetvalue(handle, row, column) else {
            return PostgresType.octets.contains(type) ? .blob([]) : .text("")
        }
        let octets = unsafe UnsafeRawBufferPointer(start: start, count: count)
        if PostgresType.octets.contains(type) { return unsafe .blob([UInt8](octets)) }
        if PostgresType.texts.contains(type) { return unsafe .text(String(decoding: octets, as: UTF8.self)) }
        if PostgresType.integers.contains(type) {
            // Numbers are signed: the first octet says it.
            let first = unsafe octets.first ?? 0
            return unsafe .integer(
                octets.reduce(type != PostgresType.bool && first >= 0x80 ? -1 : 0) { $0 << 8 | Int64($1) })
        }
        throw KeyStoreError(.internalFailure, "store: a column of type \(type), which no code reads; cast it")
    }
}

/// Object identifiers of types, as the server's catalog numbers them for good.
enum PostgresType {
    static let bool: Oid = 16
    static let octets: Set<Oid> = [17]
    static let integers: Set<Oid> = [16, 20, 21, 23, 26]
    static let texts: Set<Oid> = [18, 19, 25, 1042, 1043]
}
