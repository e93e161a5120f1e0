/// The header of an entity: its fields in order, and where they stand.
public struct HeaderBlock: Sendable {
    /// All fields in the order of the message.
    public let fields: [HeaderField]
    /// The octets of the fields, an mbox separator line before them included; without the blank line.
    public let range: Range<Int>
    /// The blank line between header and body; empty where it is missing.
    public let separator: Range<Int>

    public init(fields: [HeaderField], range: Range<Int> = 0..<0, separator: Range<Int> = 0..<0) {
        self.fields = fields
        self.range = range
        self.separator = separator
    }

    /// The first field of that name, whatever its case.
    public func first(_ name: String) -> HeaderField? {
        fields.first { $0.isNamed(name) }
    }

    /// All fields of that name, in order.
    public func all(_ name: String) -> [HeaderField] {
        fields.filter { $0.isNamed(name) }
    }
}
