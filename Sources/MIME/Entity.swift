/// One MIME entity: the message itself, a part of a multipart, or the message inside of a message/rfc822.
///
/// All ranges are positions in ``Message/bytes``. The octets of an entity are, in this order: header fields, blank
/// line, body; the body of a multipart is preamble, then delimiters and children in turn, then epilogue.
public struct Entity: Sendable {
    public let header: HeaderBlock
    /// All octets of the entity. The line end before a delimiter belongs to the delimiter (RFC 2046 section 5.1.1), so
    /// for a part this is exactly what a multipart/signed signature covers.
    public let range: Range<Int>
    /// The octets after the blank line.
    public let bodyRange: Range<Int>
    /// As stated, or as RFC 2045 section 5.2 and RFC 2046 section 5.1.5 assume where nothing is stated.
    public let contentType: ContentType
    /// Whether ``contentType`` was stated.
    public let hasContentType: Bool
    public let transferEncoding: TransferEncoding
    public let disposition: ContentDisposition?
    /// The parts of a multipart, or the one message of a message/rfc822.
    public let children: [Entity]
    /// The boundary the body was split at; nil where it was not split.
    public let boundary: [UInt8]?
    /// The delimiters in order, each with the line end before it and its own: one before every child, then the close
    /// delimiter if there is one.
    public let delimiters: [Range<Int>]
    /// Whether the last of ``delimiters`` is the close delimiter.
    public let isClosed: Bool
    /// The octets between the blank line and the first delimiter; nil unless split.
    public let preamble: Range<Int>?
    /// The octets after the close delimiter; nil unless split and closed.
    public let epilogue: Range<Int>?
    /// What is wrong with this entity itself, its children not included.
    public let defects: [Defect]

    /// The name of an attachment: the filename of Content-Disposition, else the name of Content-Type; encoded words in
    /// it are decoded, which RFC 2047 forbids and writers do.
    public var filename: String? {
        (disposition?.parameter("filename") ?? contentType.parameter("name")).map { EncodedWord.decode(Array($0.utf8)) }
    }

    /// This entity and all below it, in the order of the message.
    public var flattened: [Entity] {
        var result: [Entity] = []
        var waiting = [self]
        while let entity = waiting.popLast() {
            result.append(entity)
            waiting += entity.children.reversed()
        }
        return result
    }
}
