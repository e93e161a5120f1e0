public import Libcrypto
import MIME

/// What an encrypted message held, before anybody decides whether it may be delivered like that.
struct OpenedContent {
    let message: Message
    /// Whether nobody without the key can have altered it.
    let isAuthenticated: Bool
}

/// An encrypted message as its reader gets it decrypted: how the header changes, and the new body. What described the
/// encrypted content gives way to the fields inside, and so does Subject where the sender protected the header (RFC 9788,
/// and the older form that is marked `protected-headers`); every other field stays as it came.
public struct OpenedMessage {
    /// The changes of the header, in the order they are to be made.
    public let headerEdits: [HeaderEdit]
    /// The new body with CRLF line ends, sealed where it waits on disk.
    public let body: Spool

    /// nil where the fields inside are no UTF-8 and so no edits.
    init?(_ inner: Message, header: [HeaderField], spoolDirectory: String?) throws {
        let outside = ContentFields(header)
        var edits = outside.removals + outside.version
        let fields = inner.root.header.fields
        for field in fields where field.nameBytes.hasPrefix(ignoringCase: "content-") {
            guard let value = Self.value(of: field) else { return nil }
            edits.append(.append(name: field.name, value: value))
        }
        let type = inner.root.contentType
        let subjects = fields.filter { $0.isNamed("Subject") }
        if type.parameter("hp") != nil || type.parameter("protected-headers") != nil, subjects.count == 1,
            let value = subjects.first.flatMap(Self.value)
        {
            let isThere = header.contains { $0.isNamed("Subject") }
            edits.append(
                isThere
                    ? .replace(name: "Subject", occurrence: 1, value: value) : .append(name: "Subject", value: value))
        }
        let body = Spool(directory: spoolDirectory)
        try body.append(inner.bytes[inner.root.bodyRange].span)
        headerEdits = edits
        self.body = body
    }

    /// A value as edits have it: folded with a single LF, and without a CR that would be a line end to somebody.
    private static func value(of field: HeaderField) -> String? {
        String(validating: field.rawValue.filter { $0 != Octet.cr && $0 != 0 }, as: UTF8.self)
    }
}
