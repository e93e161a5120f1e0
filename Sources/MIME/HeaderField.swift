/// One header field: its name as spelled and its value with all folding, byte for byte (RFC 5322 section 2.2).
public struct HeaderField: Sendable, Hashable {
    /// The name as spelled, without the colon and without white space before the colon.
    public let nameBytes: [UInt8]
    /// All octets after the colon up to, not including, the line end of the last line: the leading space and the line
    /// ends inside of folding are kept as they came (CRLF or LF).
    public let rawValue: [UInt8]
    /// Where the whole field, line end included, stands in the message it was parsed from; nil for a field that was
    /// made from a name and a value.
    public let range: Range<Int>?

    /// A field from octets that are kept as they are: `value` starts with the space after the colon, if there is one.
    /// This is the form in which Postfix hands fields to a milter that asked for leading spaces.
    public init(name: [UInt8], value: [UInt8]) {
        self.init(name: name, rawValue: value, range: nil)
    }

    /// A field from text: one space is put between colon and value. Folding is up to the caller
    /// (``MIMEBuilder/field(_:_:lineEnd:)`` folds).
    public init(name: String, value: String) {
        self.init(name: Array(name.utf8), rawValue: [ASCII.space] + Array(value.utf8), range: nil)
    }

    init(name: [UInt8], rawValue: [UInt8], range: Range<Int>?) {
        nameBytes = name
        self.rawValue = rawValue
        self.range = range
    }

    /// The name as spelled.
    public var name: String { String(decoding: nameBytes, as: UTF8.self) }

    /// Whether this is the field of that name; the case of ASCII letters does not matter.
    public func isNamed(_ other: String) -> Bool {
        nameBytes.count == other.utf8.count && ASCII.equalIgnoringCase(nameBytes, other.utf8)
    }

    /// The value with the line ends of folding removed and white space trimmed at both ends; octets otherwise
    /// untouched (RFC 5322 section 2.2.3).
    public var unfolded: [UInt8] { ASCII.trim(HeaderField.unfold(rawValue)) }

    /// ``unfolded`` as text; octets that are not UTF-8 become U+FFFD. Encoded words stay encoded.
    public var value: String { String(decoding: unfolded, as: UTF8.self) }

    /// ``unfolded`` with encoded words (RFC 2047) decoded: for unstructured fields such as Subject.
    public var decodedText: String { EncodedWord.decode(unfolded) }

    /// The field as it goes on the wire: name, colon, raw value, and the line end.
    public func serialized(lineEnd: [UInt8] = [0x0D, 0x0A]) -> [UInt8] {
        nameBytes + [ASCII.colon] + rawValue + lineEnd
    }

    static func unfold(_ raw: [UInt8]) -> [UInt8] {
        guard raw.contains(ASCII.lf) else { return raw }
        var result: [UInt8] = []
        result.reserveCapacity(raw.count)
        for byte in raw {
            if byte == ASCII.lf {
                if result.last == ASCII.cr { result.removeLast() }
            } else {
                result.append(byte)
            }
        }
        return result
    }
}
