/// An entity while it is being read.
struct EntityDraft {
    let start: Int
    var fields: [HeaderField] = []
    var headerEnd = 0
    var bodyStart = 0
    var contentType = ContentType.textPlain
    var hasContentType = false
    var transferEncoding = TransferEncoding.sevenBit
    var disposition: ContentDisposition?
    var children: [Entity] = []
    var boundary: [UInt8]?
    var delimiters: [Range<Int>] = []
    var isClosed = false
    var defects: [Defect] = []

    init(start: Int) { self.start = start }

    /// Fields that may stand once and whose second one readers may prefer.
    private static let single = [
        "content-type", "content-transfer-encoding", "content-disposition", "content-id", "mime-version", "from",
        "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references", "subject", "date",
    ]

    /// Draws from the fields what the structure depends on.
    mutating func interpret(_ assumed: ContentType) {
        contentType = assumed
        var seen: Set<String> = []
        for field in fields {
            let offset = field.range?.lowerBound ?? start
            if field.rawValue.contains(where: { $0 >= 0x80 }), String(validating: field.rawValue, as: UTF8.self) == nil
            {
                add(Defect(.notUTF8InHeader, at: offset, field.name))
            }
            guard let name = EntityDraft.single.first(where: { field.isNamed($0) }) else { continue }
            guard seen.insert(name).inserted else {
                add(Defect(.duplicateField, at: offset, name))
                continue
            }
            switch name {
            case "content-type":
                let (value, found) = ContentType.parseReporting(field.rawValue)
                contentType = value
                hasContentType = true
                for defect in found { add(Defect(defect.kind, at: offset, defect.detail)) }
            case "content-transfer-encoding":
                transferEncoding = TransferEncoding(parsing: field.rawValue)
                if case .other = transferEncoding { add(Defect(.unknownTransferEncoding, at: offset)) }
            case "content-disposition":
                let (value, found) = ContentDisposition.parseReporting(field.rawValue)
                disposition = value
                for defect in found { add(Defect(defect.kind, at: offset, defect.detail)) }
            default: break
            }
        }
    }

    private mutating func add(_ defect: Defect) {
        if defects.count < 100 { defects.append(defect) }
    }

    /// The boundary to split at: white space at its end cannot be told from padding and does not count.
    func splitBoundary() -> [UInt8]? {
        guard var boundary = contentType.parameterBytes("boundary") else { return nil }
        while let last = boundary.last, ASCII.isWSP(last) { boundary.removeLast() }
        return boundary.isEmpty || boundary.count > 998 ? nil : boundary
    }

    /// The entity, all of its ranges cut at its end: the line end that belongs to the delimiter after it may be the
    /// one of its last field, its blank line, or the last delimiter inside of it.
    func finished(end: Int) -> Entity {
        let start = min(start, end)
        let headerEnd = min(headerEnd, end)
        let bodyStart = min(bodyStart, end)
        let fields = fields.map { field -> HeaderField in
            guard let range = field.range, range.upperBound > end else { return field }
            return HeaderField(name: field.nameBytes, rawValue: field.rawValue, range: range.clamped(to: start..<end))
        }
        let isSplit = boundary != nil
        return Entity(
            header: HeaderBlock(fields: fields, range: start..<headerEnd, separator: headerEnd..<bodyStart),
            range: start..<end, bodyRange: bodyStart..<end, contentType: contentType, hasContentType: hasContentType,
            transferEncoding: transferEncoding, disposition: disposition, children: children, boundary: boundary,
            delimiters: delimiters.map { $0.clamped(to: start..<end) }, isClosed: isClosed,
            preamble: isSplit ? bodyStart..<min(end, delimiters.first?.lowerBound ?? end) : nil,
            epilogue: isClosed ? min(end, delimiters.last?.upperBound ?? end)..<end : nil, defects: defects)
    }
}
