public import MIME

/// A header to which edits are applied as a mail server does.
public struct EditedHeader: Sendable {
    public private(set) var fields: [HeaderField]

    public init(_ fields: [HeaderField]) { self.fields = fields }

    /// Carries out one edit; an occurrence that is not there changes nothing.
    public mutating func apply(_ edit: HeaderEdit) {
        switch edit {
        case .remove(let name, let occurrence):
            if let index = index(name, occurrence) { fields.remove(at: index) }
        case .replace(let name, let occurrence, let value):
            if let index = index(name, occurrence) { fields[index] = Self.field(name, value) }
        case .insert(let index, let name, let value):
            fields.insert(Self.field(name, value), at: min(max(0, index), fields.count))
        case .append(let name, let value): fields.append(Self.field(name, value))
        }
    }

    private static func field(_ name: String, _ value: String) -> HeaderField {
        HeaderField(name: Array(name.utf8), value: Array(value.utf8))
    }

    private func index(_ name: String, _ occurrence: Int) -> Int? {
        let found = fields.indices.filter { fields[$0].isNamed(name) }
        return occurrence >= 1 && occurrence <= found.count ? found[occurrence - 1] : nil
    }

    /// All fields with CRLF line ends.
    public var serialized: [UInt8] {
        fields.reduce(into: []) { $0 += LineEnds.canonical($1.serialized(lineEnd: Octet.crlf)) }
    }
}
