public import MIME

/// The address of a MAIL or RCPT command, without its angle brackets, in octets that cannot end it or the line.
public struct SMTPPath: Sendable, Hashable, CustomStringConvertible {
    /// Empty for the null path.
    public let text: String

    /// `<>`: what bounces come from.
    public static let null = SMTPPath(unchecked: "")

    private init(unchecked text: String) { self.text = text }

    public init(_ address: EmailAddress) { text = address.canonical }

    /// A path as another server gave it, with or without brackets. Nil for what cannot stand in a command: controls,
    /// white space or brackets outside of quotes, an open quote, octets that are not UTF-8, more than 512 octets.
    public init?(_ bytes: [UInt8]) {
        var inner = bytes[...]
        if inner.first == 0x3C {
            guard inner.last == 0x3E else { return nil }
            inner = inner.dropFirst().dropLast()
        }
        guard inner.count <= 512, let text = String(validating: inner, as: UTF8.self) else { return nil }
        var isQuoted = false
        var isEscaped = false
        for byte in inner {
            if byte < 0x20 || byte == 0x7F { return nil }
            if isEscaped {
                isEscaped = false
            } else if isQuoted, byte == 0x5C {
                isEscaped = true
            } else if byte == 0x22 {
                isQuoted.toggle()
            } else if !isQuoted, byte == 0x20 || byte == 0x3C || byte == 0x3E {
                return nil
            }
        }
        guard !isQuoted, !isEscaped else { return nil }
        self.text = text
    }

    /// Whether the path can only go to servers that know SMTPUTF8.
    public var needsUTF8: Bool { text.utf8.contains { $0 >= 0x80 } }

    public var description: String { "<\(text)>" }
}
