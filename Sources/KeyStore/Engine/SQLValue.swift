/// A value as both engines take and give it.
package enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    package init(_ value: Int64) { self = .integer(value) }
    package init(_ value: Int) { self = .integer(Int64(value)) }
    /// 0 or 1: neither engine's own truth values are the other's.
    package init(_ value: Bool) { self = .integer(value ? 1 : 0) }
    package init(_ value: String) { self = .text(value) }
    package init(_ value: [UInt8]) { self = .blob(value) }
    package init(_ value: Int64?) { self = value.map(SQLValue.integer) ?? .null }
    package init(_ value: String?) { self = value.map(SQLValue.text) ?? .null }
    package init(_ value: [UInt8]?) { self = value.map(SQLValue.blob) ?? .null }
}

extension SQLValue: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByNilLiteral {
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(stringLiteral value: String) { self = .text(value) }
    package init(nilLiteral: ()) { self = .null }
}
