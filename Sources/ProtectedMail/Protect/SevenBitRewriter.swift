import MIME

/// Makes an entity safe for 7-bit transport before it is signed (RFC 3156, section 3): leaves that hold 8-bit octets,
/// over-long lines, white space at line ends, "From " lines or bare CR or LF get another transfer encoding.
///
/// What another signature covers is never changed: multipart/signed, multipart/encrypted, opaque S/MIME, and attached
/// messages with a DKIM or ARC signature. Where such a part cannot travel as it is, signing is refused.
struct SevenBitRewriter {
    private var message: Message

    /// The rewritten entity; `bytes` is one, with CRLF line ends.
    ///
    /// - Throws: `ProtectedMailError` with `unsafeSignedPart` or `malformed`.
    static func rewrite(_ bytes: [UInt8]) throws -> [UInt8] {
        let message: Message
        do {
            message = try Message(parsing: bytes)
        } catch {
            throw ProtectedMailError(.malformed, "the structure of the message cannot be read: \(error.code)")
        }
        var rewriter = SevenBitRewriter(message: message)
        try rewriter.visit(message.root, path: "1")
        return rewriter.message.serialized()
    }

    private mutating func visit(_ entity: Entity, path: String) throws {
        if Self.isProtected(entity) { return try leaveAlone(entity, path: path) }
        if entity.children.isEmpty {
            try leaf(entity, path: path)
        } else {
            // Composite entities carry no encoding of their own; what is in them is 7bit from here on.
            let encoding: TransferEncoding? = entity.transferEncoding == .sevenBit ? nil : .sevenBit
            try header(of: entity, encoding: encoding)
            for range in [entity.preamble, entity.epilogue].compactMap({ $0 }) where !range.isEmpty {
                if !Self.safety(message.slice(range)).isSafe { try message.replace(range, with: []) }
            }
            try delimiters(of: entity)
            for (index, child) in entity.children.enumerated() { try visit(child, path: "\(path).\(index + 1)") }
        }
    }

    private static func isProtected(_ entity: Entity) -> Bool {
        switch entity.contentType.mediaType {
        case "multipart/signed", "multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime": true
        default:
            entity.children.first.map { inner in
                entity.contentType.isMessage
                    && inner.header.fields.contains {
                        $0.isNamed("DKIM-Signature") || $0.isNamed("ARC-Message-Signature")
                    }
            } ?? false
        }
    }

    /// Checks that a part that must not be changed survives as it is.
    private func leaveAlone(_ entity: Entity, path: String) throws {
        let safety = Self.safety(message.slice(entity.range))
        let isBinary = safety.firstNUL != nil || safety.firstBareCR != nil || safety.firstBareLF != nil
        guard !safety.hasEightBit, !safety.hasLongLine, !isBinary else {
            let what =
                safety.hasEightBit ? "8-bit octets" : safety.hasLongLine ? "a line over 998 octets" : "binary data"
            throw ProtectedMailError(
                .unsafeSignedPart,
                "part \(path) (\(entity.contentType.mediaType)) is protected itself and holds \(what), "
                    + "which cannot be signed without changing it")
        }
    }

    private mutating func leaf(_ entity: Entity, path: String) throws {
        let body = message.body(of: entity)
        let isSafe = Self.safety(body).isSafe
        switch entity.transferEncoding {
        case .sevenBit, .quotedPrintable, .base64:
            if isSafe { return try header(of: entity, encoding: nil) }
        case .eightBit, .binary:
            if isSafe { return try header(of: entity, encoding: .sevenBit) }
        case .other(let name):
            if isSafe { return try header(of: entity, encoding: nil) }
            throw ProtectedMailError(
                .malformed, "part \(path) has the unknown transfer encoding \(name.prefix(32)) and is not 7-bit text")
        }
        let decoded = message.decodedBody(of: entity).bytes
        let encoding = Self.encoding(for: decoded, entity.contentType)
        try message.replace(entity.bodyRange, with: ContentCodec.encode(decoded[...], encoding))
        try header(of: entity, encoding: encoding)
    }

    /// Quoted-printable keeps text readable where most of it is ASCII; base64 is shorter for the rest and exact for
    /// anything that is not text.
    private static func encoding(for content: [UInt8], _ type: ContentType) -> TransferEncoding {
        let facts = safety(content[...])
        guard type.type == "text" || type.type == "message", facts.firstNUL == nil, facts.firstBareCR == nil,
            facts.firstBareLF == nil
        else { return .base64 }
        let high = content.lazy.filter { $0 >= 0x80 }.count
        return high > content.count / 4 ? .base64 : .quotedPrintable
    }

    /// Sets the encoding field, and takes white space off the ends of lines, which transport may do too.
    private mutating func header(of entity: Entity, encoding: TransferEncoding?) throws {
        var isSet = encoding == nil
        for field in entity.header.fields {
            guard let range = field.range else { continue }
            var bytes = Array(message.slice(range))
            if let encoding, field.isNamed("Content-Transfer-Encoding") {
                bytes = isSet ? [] : field.nameBytes + ": \(encoding.name)\r\n".utf8
                isSet = true
            } else {
                bytes = Self.withoutTrailingSpace(bytes)
            }
            if !bytes.elementsEqual(message.slice(range)) { try message.replace(range, with: bytes) }
        }
        if let encoding, !isSet {
            let end = entity.header.range.upperBound
            let blank: [UInt8] = entity.header.separator.isEmpty ? Octet.crlf : []
            let field = Array("Content-Transfer-Encoding: \(encoding.name)\r\n".utf8)
            try message.replace(end..<end, with: field + blank)
        }
    }

    /// The field without white space at line ends; continuation lines of nothing but white space go.
    private static func withoutTrailingSpace(_ field: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for (index, line) in field.split(separator: Octet.lf, omittingEmptySubsequences: false).enumerated() {
            var slice = line
            while let last = slice.last, Octet.isBlank(last) { slice = slice.dropLast() }
            if index > 0, slice.isEmpty { continue }
            result += slice
            result += Octet.crlf
        }
        return result
    }

    private mutating func delimiters(of entity: Entity) throws {
        for range in entity.delimiters {
            let old = Array(message.slice(range))
            guard Self.safety(old[...]).hasTrailingWhitespace else { continue }
            var new = old
            let end: [UInt8] = old.last == Octet.lf ? Octet.crlf : []
            while let last = new.last, Octet.isBlank(last) { new.removeLast() }
            try message.replace(range, with: new + end)
        }
    }

    private static func safety(_ bytes: ArraySlice<UInt8>) -> SevenBitSafety {
        var safety = SevenBitSafety()
        safety.push(bytes.span)
        safety.finish()
        return safety
    }
}
