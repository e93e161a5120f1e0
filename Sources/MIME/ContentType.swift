/// The value of a Content-Type field (RFC 2045 section 5), type and subtype in lower case.
public struct ContentType: Sendable, Equatable {
    public let type: String
    public let subtype: String
    public let parameters: [Parameter]

    /// text/plain in US-ASCII, what RFC 2045 section 5.2 assumes where nothing is said.
    public static let textPlain = ContentType(type: "text", subtype: "plain", parameters: [])
    /// What multipart/digest assumes for its parts (RFC 2046 section 5.1.5).
    public static let messageRFC822 = ContentType(type: "message", subtype: "rfc822", parameters: [])

    public init(type: String, subtype: String, parameters: [Parameter] = []) {
        self.type = type.lowercased()
        self.subtype = subtype.lowercased()
        self.parameters = parameters
    }

    /// Reads a raw or unfolded value. What cannot be read is text/plain; ``parseReporting(_:)`` tells.
    public static func parse(_ raw: [UInt8]) -> ContentType { parseReporting(raw).value }

    /// As ``parse(_:)``, and names what was wrong (offsets are 0).
    public static func parseReporting(_ raw: [UInt8]) -> (value: ContentType, defects: [Defect]) {
        var cursor = Cursor(HeaderField.unfold(raw))
        cursor.skipCFWS()
        let type = String(decoding: ASCII.lower(cursor.take(while: isToken)), as: UTF8.self)
        cursor.skipCFWS()
        let slash = cursor.consume(ASCII.slash)
        cursor.skipCFWS()
        let subtype = slash ? String(decoding: ASCII.lower(cursor.take(while: isToken)), as: UTF8.self) : ""
        let list = ParameterList(&cursor)
        var defects = list.defects.map { Defect($0.kind, at: 0, $0.name) }
        guard !type.isEmpty, !subtype.isEmpty else {
            defects.insert(Defect(.invalidContentType, at: 0), at: 0)
            return (ContentType(type: "text", subtype: "plain", parameters: list.parameters), defects)
        }
        return (ContentType(type: type, subtype: subtype, parameters: list.parameters), defects)
    }

    /// `type/subtype`.
    public var mediaType: String { type + "/" + subtype }
    public var isMultipart: Bool { type == "multipart" }
    /// A message whose body is itself header and body: message/rfc822, message/global (RFC 6532) and message/news.
    public var isMessage: Bool {
        type == "message" && (subtype == "rfc822" || subtype == "global" || subtype == "news")
    }

    /// The text of a parameter; the case of the name does not matter.
    public func parameter(_ name: String) -> String? { find(name)?.value }

    /// The octets of a parameter, for those that are compared and not shown.
    public func parameterBytes(_ name: String) -> [UInt8]? { find(name)?.bytes }

    private func find(_ name: String) -> Parameter? {
        parameters.first { ASCII.equalIgnoringCase($0.name.utf8, name.utf8) }
    }

    /// token of RFC 2045, and octets above 127 because they occur.
    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x7F, 0x28, 0x29, 0x3C, 0x3E, 0x40, 0x2C, 0x3B, 0x3A, 0x5C, 0x22, 0x2F, 0x5B, 0x5D, 0x3F, 0x3D:
            false
        default: true
        }
    }
}
