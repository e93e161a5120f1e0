/// Writes the body of a multipart (RFC 2046 section 5.1.1): the caller appends the octets of each part itself, between
/// the delimiters, so that nothing has to be held.
public struct MultipartWriter: Sendable {
    public let boundary: [UInt8]
    private var isFirst = true

    /// - Throws: ``MIMEError/Code/invalidBoundary``.
    public init(boundary: [UInt8]) throws(MIMEError) {
        guard MIMEBuilder.isValidBoundary(boundary) else {
            throw MIMEError(.invalidBoundary, "a boundary must have 1 to 70 octets of those RFC 2046 allows")
        }
        self.boundary = boundary
    }

    /// Text before the first part, for readers that know no MIME.
    public mutating func preamble(_ text: [UInt8], into output: inout [UInt8]) {
        guard isFirst, !text.isEmpty else { return }
        output += text
        isFirst = false
    }

    /// The delimiter before a part. The line end it starts with is not part of what stands before it.
    public mutating func openPart(into output: inout [UInt8]) {
        if !isFirst { output += ASCII.crlf }
        isFirst = false
        output += [ASCII.hyphen, ASCII.hyphen] + boundary + ASCII.crlf
    }

    /// The header of a part and the blank line after it.
    public func header(_ fields: [HeaderField], into output: inout [UInt8]) {
        for field in fields { output += field.serialized() }
        output += ASCII.crlf
    }

    /// The close delimiter with its line end.
    public mutating func close(into output: inout [UInt8]) {
        output += ASCII.crlf
        output += [ASCII.hyphen, ASCII.hyphen] + boundary + [ASCII.hyphen, ASCII.hyphen] + ASCII.crlf
        isFirst = false
    }
}
