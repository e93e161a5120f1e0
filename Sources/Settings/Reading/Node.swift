import TOMLKit

/// A TOML value of a kind we know, with its path in the document: `direction.login`, `rule[2].encrypt`.
indirect enum Node {
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case array([Node])
    case table([(key: String, value: Node)])
    case day(CalendarDay)
    /// The name of a type that no setting has.
    case other(String)

    /// What the value is, for messages.
    var kind: String {
        switch self {
        case .string: "a string"
        case .integer: "an integer"
        case .boolean: "a boolean"
        case .array: "an array"
        case .table: "a table"
        case .day: "a day"
        case .other(let name): "a \(name)"
        }
    }

    /// The whole tree: the library answers "missing" for a value of another type, so types are told apart here.
    init(_ value: any TOMLValueConvertible) {
        switch value.type {
        case .string: self = value.string.map(Node.string) ?? .other("string")
        case .int: self = value.int.map(Node.integer) ?? .other("integer")
        case .bool: self = value.bool.map(Node.boolean) ?? .other("boolean")
        case .array: self = .array((value.array.map { Array($0) } ?? []).map { Node($0) })
        case .table:
            let table = value.table
            self = .table((table?.keys ?? []).sorted().compactMap { key in table?[key].map { (key, Node($0)) } })
        case .double: self = .other("number with a fraction")
        case .date:
            let date = value.date
            let day = date.flatMap { CalendarDay(year: $0.year, month: $0.month, day: $0.day) }
            self = day.map(Node.day) ?? .other("date that is out of range")
        case .time, .dateTime: self = .other("date or time")
        }
    }
}
