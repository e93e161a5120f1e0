/// Content-Transfer-Encoding (RFC 2045 section 6).
public enum TransferEncoding: Sendable, Hashable {
    case sevenBit
    case eightBit
    case binary
    case quotedPrintable
    case base64
    /// None of RFC 2045, lower-cased: the body has to be taken as opaque octets.
    case other(String)

    /// Reads the value of the field; comments are skipped, case does not matter, nothing at all means 7bit.
    public init(parsing raw: [UInt8]) {
        var cursor = Cursor(HeaderField.unfold(raw))
        cursor.skipCFWS()
        let token = cursor.take { !ASCII.isFWS($0) && $0 != ASCII.open && $0 != ASCII.semicolon }
        cursor.skipCFWS()
        let name = String(decoding: ASCII.lower(token), as: UTF8.self)
        switch name {
        case "", "7bit": self = .sevenBit
        case "8bit": self = .eightBit
        case "binary": self = .binary
        case "quoted-printable": self = .quotedPrintable
        case "base64": self = .base64
        default: self = .other(name)
        }
        // Readers split on what "base64 8bit" means, so it means neither.
        if let next = cursor.peek, next != ASCII.semicolon {
            self = .other(String(decoding: ASCII.lower(ASCII.trim(HeaderField.unfold(raw))), as: UTF8.self))
        }
    }

    /// The name as it is written in a message.
    public var name: String {
        switch self {
        case .sevenBit: "7bit"
        case .eightBit: "8bit"
        case .binary: "binary"
        case .quotedPrintable: "quoted-printable"
        case .base64: "base64"
        case .other(let name): name
        }
    }

    /// 7bit, 8bit or binary: the octets of the body are the content.
    public var isIdentity: Bool {
        switch self {
        case .sevenBit, .eightBit, .binary: true
        case .quotedPrintable, .base64, .other: false
        }
    }
}
