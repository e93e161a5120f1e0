/// The value of a Content-Disposition field (RFC 2183), the type in lower case.
public struct ContentDisposition: Sendable, Equatable {
    /// `inline`, `attachment` or what else was written; anything unknown is to be treated as attachment.
    public let type: String
    public let parameters: [Parameter]

    public init(type: String, parameters: [Parameter] = []) {
        self.type = type.lowercased()
        self.parameters = parameters
    }

    /// Reads a raw or unfolded value.
    public static func parse(_ raw: [UInt8]) -> ContentDisposition { parseReporting(raw).value }

    /// As ``parse(_:)``, and names what was wrong (offsets are 0).
    public static func parseReporting(_ raw: [UInt8]) -> (value: ContentDisposition, defects: [Defect]) {
        var cursor = Cursor(HeaderField.unfold(raw))
        cursor.skipCFWS()
        let type = String(decoding: cursor.take(while: ContentType.isToken), as: UTF8.self)
        let list = ParameterList(&cursor)
        return (
            ContentDisposition(type: type, parameters: list.parameters),
            list.defects.map { Defect($0.kind, at: 0, $0.name) }
        )
    }

    public var isAttachment: Bool { type == "attachment" }

    /// The text of a parameter; the case of the name does not matter.
    public func parameter(_ name: String) -> String? {
        parameters.first { ASCII.equalIgnoringCase($0.name.utf8, name.utf8) }?.value
    }
}
