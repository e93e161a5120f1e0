/// Writes header fields, boundaries and multipart containers (RFC 5322, 2045, 2046, 2231). It knows no randomness:
/// whoever needs a boundary brings the octets.
public enum MIMEBuilder {
    /// Octets of a line that folding aims at, line end not counted (RFC 5322 section 2.1.1).
    public static let lineTarget = 78

    /// A field, folded at its white space so that lines stay within 78 octets where the value lets them.
    ///
    /// - Parameters:
    ///   - name: printable ASCII without colon.
    ///   - value: the value as it stands after unfolding; encode text with ``EncodedWord/encode(_:)`` first, or
    ///     keep it UTF-8 for an internationalised message.
    ///   - lineEnd: CRLF for messages, LF for libmilter.
    /// - Throws: ``MIMEError/Code/invalidField`` for a name that is none and for controls in the value.
    public static func field(
        _ name: String, _ value: [UInt8], lineEnd: [UInt8] = [0x0D, 0x0A]
    ) throws(MIMEError) -> HeaderField {
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != ASCII.colon }) else {
            throw MIMEError(.invalidField, "\"\(name)\" is no name of a header field")
        }
        if let place = value.firstIndex(where: { ($0 < 0x20 && $0 != ASCII.tab) || $0 == ASCII.delete }) {
            throw MIMEError(.invalidField, "the value of \(name) has a control character", offset: place)
        }
        return HeaderField(name: Array(name.utf8), value: fold(value, column: name.utf8.count + 1, lineEnd: lineEnd))
    }

    /// As ``field(_:_:lineEnd:)-([UInt8])``, from text that is written as it is.
    public static func field(
        _ name: String, _ value: String, lineEnd: [UInt8] = [0x0D, 0x0A]
    ) throws(MIMEError) -> HeaderField {
        try field(name, Array(value.utf8), lineEnd: lineEnd)
    }

    /// A leading space, then the words, with line ends before those that would not fit.
    static func fold(_ value: [UInt8], column: Int, lineEnd: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(value.count + value.count / 32 + 1)
        var column = column
        let trimmed = ASCII.trim(value[...])
        var index = trimmed.startIndex
        if trimmed.isEmpty { return [ASCII.space] }
        var isFirst = true
        while index < trimmed.endIndex {
            let space = index
            while index < trimmed.endIndex, ASCII.isWSP(trimmed[index]) { index += 1 }
            let gap = isFirst ? [ASCII.space] : Array(trimmed[space..<index])
            let word = index
            while index < trimmed.endIndex, !ASCII.isWSP(trimmed[index]) { index += 1 }
            if !isFirst, column + gap.count + (index - word) > lineTarget {
                output += lineEnd
                column = 0
            }
            output += gap
            output += trimmed[word..<index]
            column += gap.count + (index - word)
            isFirst = false
        }
        return output
    }

    /// A boundary from octets that nobody can foresee; 16 give 128 bits. It starts with "=_", which neither base64 nor
    /// quoted-printable can write, and has at most 70 octets.
    public static func boundary(random: [UInt8]) -> [UInt8] {
        var boundary = Array("=_".utf8)
        for byte in random.prefix(34) {
            boundary.append(ASCII.hexDigit(byte >> 4))
            boundary.append(ASCII.hexDigit(byte & 0x0F))
        }
        return boundary
    }

    /// Whether a boundary has 1 to 70 octets of those that RFC 2046 section 5.1.1 allows and no space at its end.
    public static func isValidBoundary(_ boundary: [UInt8]) -> Bool {
        guard (1...70).contains(boundary.count), boundary.last != ASCII.space else { return false }
        return boundary.allSatisfy { byte in
            if ASCII.isAlpha(byte) || ASCII.isDigit(byte) { return true }
            switch byte {
            case 0x20, 0x27, 0x28, 0x29, 0x2B, 0x5F, 0x2C, 0x2D, 0x2E, 0x2F, 0x3A, 0x3D, 0x3F: return true
            default: return false
            }
        }
    }

    /// A Content-Type field, parameters quoted, or written by RFC 2231 where they are not ASCII or too long.
    public static func field(
        _ type: ContentType, lineEnd: [UInt8] = [0x0D, 0x0A]
    ) throws(MIMEError) -> HeaderField {
        try field("Content-Type", Array(type.mediaType.utf8) + parameters(type.parameters), lineEnd: lineEnd)
    }

    /// A Content-Disposition field, parameters as in ``field(_:lineEnd:)-(ContentType,_)``.
    public static func field(
        _ disposition: ContentDisposition, lineEnd: [UInt8] = [0x0D, 0x0A]
    ) throws(MIMEError) -> HeaderField {
        try field(
            "Content-Disposition", Array(disposition.type.utf8) + parameters(disposition.parameters), lineEnd: lineEnd)
    }

    static func parameters(_ parameters: [Parameter]) -> [UInt8] {
        var output: [UInt8] = []
        for parameter in parameters {
            for piece in written(parameter) {
                output += [ASCII.semicolon, ASCII.space]
                output += piece
            }
        }
        return output
    }

    /// `name=value` pieces, none longer than a line.
    private static func written(_ parameter: Parameter) -> [[UInt8]] {
        let name = Array(parameter.name.utf8)
        let isPlain = parameter.bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        if isPlain, parameter.charset == nil, name.count + parameter.bytes.count <= 66 || parameter.name == "boundary" {
            let isToken =
                !parameter.bytes.isEmpty && parameter.bytes.allSatisfy { $0 < 0x80 && ContentType.isToken($0) }
            return [name + [ASCII.equals] + (isToken ? parameter.bytes : quoted(parameter.bytes))]
        }
        let charset = parameter.charset ?? "UTF-8"
        var encoded: [[UInt8]] = parameter.bytes.map { byte in
            let isSafe =
                ASCII.isAlpha(byte) || ASCII.isDigit(byte) || byte == ASCII.hyphen || byte == ASCII.dot
                || byte == ASCII.underscore
            return isSafe ? [byte] : [ASCII.percent, ASCII.hexDigit(byte >> 4), ASCII.hexDigit(byte & 0x0F)]
        }
        encoded.insert(Array((charset + "''").utf8), at: 0)
        let room = max(8, 64 - name.count)
        if encoded.reduce(0, { $0 + $1.count }) <= room {
            return [name + Array("*=".utf8) + encoded.joined()]
        }
        var pieces: [[UInt8]] = []
        var piece: [UInt8] = []
        for unit in encoded {
            if !piece.isEmpty, piece.count + unit.count > room {
                pieces.append(piece)
                piece = []
            }
            piece += unit
        }
        pieces.append(piece)
        return pieces.enumerated().map { index, text in name + Array("*\(index)*=".utf8) + text }
    }

    static func quoted(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = [ASCII.quote]
        for byte in bytes {
            if byte == ASCII.quote || byte == ASCII.backslash { output.append(ASCII.backslash) }
            output.append(byte)
        }
        output.append(ASCII.quote)
        return output
    }

    /// `Name <address>`: the name as it is, quoted, or as encoded words.
    public static func mailbox(_ mailbox: Mailbox) -> [UInt8] {
        let address = Array(mailbox.address.canonical.utf8)
        guard let name = mailbox.displayName, !name.isEmpty else { return address }
        let bytes = Array(name.utf8)
        let angle = [ASCII.space, ASCII.less] + address + [ASCII.greater]
        if bytes.allSatisfy({ ($0 < 0x80 && EmailAddress.isAtomText($0)) || $0 == ASCII.space }), !name.contains("=?") {
            return bytes + angle
        }
        if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }), !name.contains("=?") { return quoted(bytes) + angle }
        return EncodedWord.encode(name) + angle
    }
}
