/// A mailbox address (RFC 5321 section 4.1.2, RFC 6531), in the form in which addresses are compared.
///
/// Two addresses are equal when their local parts are equal octet for octet and their domains are the same in
/// A-label lower case. No folding of the local part happens here.
public struct EmailAddress: Sendable {
    /// The local part, quotes and quoted pairs resolved. Never empty, at most 256 octets.
    public let localPart: String
    /// The domain as ``DomainName/text``: A-labels in lower case, or a literal with its brackets.
    public let domain: String
    /// Whether the domain could be mapped. An address whose domain could not must not be used to find keys.
    public let isDomainMapped: Bool

    /// An address from its parts as they are, quotes already resolved; nil for an empty or overlong local part, a
    /// control character, or a domain that is empty or has octets that end a domain in a field.
    public init?(localPart: String, domain: String) {
        guard !localPart.isEmpty, localPart.utf8.count <= 256, !domain.isEmpty,
            !localPart.unicodeScalars.contains(where: EmailAddress.isForbidden),
            !domain.unicodeScalars.contains(where: EmailAddress.isForbidden),
            !domain.utf8.contains(where: EmailAddress.isNoDomainOctet)
        else { return nil }
        let name = DomainName(domain)
        self.localPart = localPart
        self.domain = name.text
        isDomainMapped = name.isMapped
    }

    /// An address as people write it, `local@domain` with a quoted local part where that is needed: no display name,
    /// no angle brackets, no comments, no white space around it. Nil when it is anything else.
    public init?(_ string: String) {
        self.init(specification: Array(string.utf8))
    }

    /// An SMTP path as MAIL and RCPT carry it: `<local@domain>` or without the brackets, a source route skipped as
    /// RFC 5321 section 4.1.1.3 asks. Nil for the null path and for anything that is no address.
    public init?(smtpPath: [UInt8]) {
        var bytes = ASCII.trim(smtpPath[...])
        if bytes.first == ASCII.less {
            guard bytes.last == ASCII.greater else { return nil }
            bytes = bytes.dropFirst().dropLast()
        }
        if bytes.first == ASCII.at {
            guard let colon = bytes.firstIndex(of: ASCII.colon) else { return nil }
            bytes = bytes[(colon + 1)...]
        }
        self.init(specification: Array(bytes))
    }

    private init?(specification bytes: [UInt8]) {
        guard !bytes.contains(where: { $0 < 0x20 || $0 == ASCII.delete }) else { return nil }
        var cursor = Cursor(bytes)
        let local: [UInt8]
        if cursor.peek == ASCII.quote {
            let quoted = cursor.takeQuotedString()
            guard quoted.closed else { return nil }
            local = quoted.text
        } else {
            local = Array(cursor.take { EmailAddress.isAtomText($0) || $0 == ASCII.dot })
            guard EmailAddress.isDotAtom(local) else { return nil }
        }
        guard cursor.consume(ASCII.at), let localText = String(validating: local, as: UTF8.self),
            let domainText = String(validating: cursor.rest, as: UTF8.self),
            !domainText.utf8.contains(where: {
                $0 == ASCII.space || $0 == ASCII.at || $0 == ASCII.less || $0 == ASCII.greater
            })
        else { return nil }
        self.init(localPart: localText, domain: domainText)
    }

    /// `local@domain`, the local part quoted where RFC 5321 needs it.
    public var canonical: String {
        let bytes = Array(localPart.utf8)
        guard !EmailAddress.isDotAtom(bytes) else { return localPart + "@" + domain }
        var quoted: [UInt8] = [ASCII.quote]
        for byte in bytes {
            if byte == ASCII.quote || byte == ASCII.backslash { quoted.append(ASCII.backslash) }
            quoted.append(byte)
        }
        quoted.append(ASCII.quote)
        return String(decoding: quoted, as: UTF8.self) + "@" + domain
    }

    /// Whether the address needs SMTPUTF8 (RFC 6531): its local part is not ASCII.
    public var needsUTF8: Bool { localPart.utf8.contains { $0 >= 0x80 } }

    /// atext of RFC 5322, with UTF-8 of RFC 6532.
    static func isAtomText(_ byte: UInt8) -> Bool {
        if ASCII.isAlpha(byte) || ASCII.isDigit(byte) || byte >= 0x80 { return true }
        switch byte {
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2F, 0x3D, 0x3F, 0x5E, 0x5F, 0x60, 0x7B...0x7E: return true
        default: return false
        }
    }

    /// Octets that begin or end something else wherever an address is written.
    static func isNoDomainOctet(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, ASCII.quote, ASCII.open, ASCII.close, ASCII.comma, ASCII.semicolon, ASCII.less, ASCII.greater,
            ASCII.at,
            ASCII.backslash:
            true
        default: false
        }
    }

    static func isDotAtom(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, first != ASCII.dot, bytes.last != ASCII.dot else { return false }
        var previous: UInt8 = 0
        for byte in bytes {
            if byte == ASCII.dot ? previous == ASCII.dot : !isAtomText(byte) { return false }
            previous = byte
        }
        return true
    }

    /// Controls, and format characters that are not seen: two addresses must not look the same and differ.
    static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0xAD, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFD:
            true
        default: false
        }
    }
}

extension EmailAddress: Hashable {
    // Swift compares strings by canonical equivalence; a mailbox is its octets.
    public static func == (left: EmailAddress, right: EmailAddress) -> Bool {
        left.isDomainMapped == right.isDomainMapped && left.localPart.utf8.elementsEqual(right.localPart.utf8)
            && left.domain.utf8.elementsEqual(right.domain.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for var part in [localPart, domain] {
            part.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }
}

extension EmailAddress: CustomStringConvertible {
    public var description: String { canonical }
}
