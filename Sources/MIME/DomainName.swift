@_spi(_Unicode) import Swift

/// A domain in the one form in which guardd compares domains: A-labels in lower case (RFC 5890).
///
/// The mapping from what users write is deliberately small. Letters are lower-cased and the label is brought to NFC;
/// then every scalar must be a letter, mark or digit that compatibility folding (NFKC and case folding) leaves alone,
/// or the sharp s or final sigma that IDNA 2008 allows, or the Catalan middle dot between two l. Whatever else UTS 46
/// would still map (full-width letters, ideographic full stops, ligatures), ignore (joiners, variation selectors) or
/// forbid is not mapped: such a name is kept as it was written and flagged, because guessing here means sending
/// mail to, or believing mail from, somebody else.
public struct DomainName: Hashable, Sendable {
    /// The labels with dots between them, lower case; a domain literal with its brackets; or the text as written
    /// where it cannot be mapped.
    public let text: String
    /// Whether ``text`` is the mapped form. Names that are not must not be compared or looked up.
    public let isMapped: Bool

    /// Maps a domain as written, without white space and comments. Never fails; see ``isMapped``.
    public init(_ written: String) {
        if DomainName.isPlain(written) {
            text = written
            isMapped = true
            return
        }
        if let literal = DomainName.literal(written) {
            text = literal
            isMapped = true
            return
        }
        var labels: [String] = []
        var valid = written.utf8.count <= 1000
        if valid {
            for label in written.split(separator: ".", omittingEmptySubsequences: false) {
                guard let mapped = DomainName.map(label) else {
                    valid = false
                    break
                }
                labels.append(mapped)
            }
        }
        let joined = labels.joined(separator: ".")
        isMapped = valid && !joined.isEmpty && joined.utf8.count <= 253
        text = isMapped ? joined : written
    }

    /// The name with its A-labels shown as U-labels, for people; ``text`` where there are none.
    public var unicode: String {
        guard isMapped, text.contains("xn--") else { return text }
        return text.split(separator: ".").map { label -> String in
            guard label.hasPrefix("xn--"), let scalars = Punycode.decode(String(label.dropFirst(4))) else {
                return String(label)
            }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            return String(view)
        }.joined(separator: ".")
    }

    /// Whether the name is in its mapped form already, as almost every name is: letters, digits, underscores and single
    /// hyphens. (Two hyphens in a row may begin an A-label, which wants a closer look.)
    private static func isPlain(_ written: String) -> Bool {
        let octets = written.utf8
        guard octets.count <= 253 else { return false }
        var length = 0
        var previous = ASCII.dot
        for byte in octets {
            switch byte {
            case ASCII.dot:
                guard length > 0, previous != ASCII.hyphen else { return false }
                length = 0
            case ASCII.hyphen:
                guard length > 0, previous != ASCII.hyphen else { return false }
                length += 1
            case 0x61...0x7A, 0x30...0x39, ASCII.underscore: length += 1
            default: return false
            }
            guard length <= 63 else { return false }
            previous = byte
        }
        return length > 0 && previous != ASCII.hyphen
    }

    private static func literal(_ written: String) -> String? {
        let bytes = Array(written.utf8)
        guard bytes.first == ASCII.openBracket, bytes.last == ASCII.closeBracket, bytes.count > 2, bytes.count <= 255
        else { return nil }
        let inner = bytes.dropFirst().dropLast()
        // What address literals need (RFC 5321 section 4.1.3): no octet that ends or begins something in a field.
        guard
            inner.allSatisfy({
                ASCII.isAlpha($0) || ASCII.isDigit($0) || $0 == ASCII.dot || $0 == ASCII.colon || $0 == ASCII.hyphen
            })
        else { return nil }
        return String(decoding: ASCII.lower(bytes), as: UTF8.self)
    }

    private static func map(_ label: Substring) -> String? {
        guard label.utf8.allSatisfy({ $0 < 0x80 }) else {
            guard let scalars = mapUnicode(label), let ascii = Punycode.encode(scalars) else { return nil }
            return "xn--" + ascii
        }
        let bytes = ASCII.lower(label.utf8)
        guard !bytes.isEmpty, bytes.count <= 63, bytes.first != ASCII.hyphen, bytes.last != ASCII.hyphen,
            bytes.allSatisfy({ ASCII.isAlpha($0) || ASCII.isDigit($0) || $0 == ASCII.hyphen || $0 == ASCII.underscore })
        else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix("xn--") else { return text }
        // An A-label stands for exactly one U-label, which must itself be one that needs no mapping.
        guard let scalars = Punycode.decode(String(text.dropFirst(4))), scalars.contains(where: { $0.value >= 0x80 })
        else { return nil }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        guard let mapped = mapUnicode(Substring(String(view))), mapped == scalars,
            Punycode.encode(mapped) == String(text.dropFirst(4))
        else { return nil }
        return text
    }

    private static func mapUnicode(_ label: Substring) -> [Unicode.Scalar]? {
        var lowered = String.UnicodeScalarView()
        for scalar in label.unicodeScalars {
            // Capital sharp s: tables of different age map it to "ss" or to the small one.
            guard scalar.value != 0x1E9E else { return nil }
            lowered.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            guard lowered.count <= 63 else { return nil }
        }
        let scalars = Array(String(lowered)._nfc)
        guard let first = scalars.first, !isMark(first), first != "-", scalars.last != "-" else { return nil }
        if scalars.count >= 4, scalars[2] == "-", scalars[3] == "-" { return nil }
        for (index, scalar) in scalars.enumerated() where !isAllowed(scalar, at: index, in: scalars) { return nil }
        return scalars
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    private static func isAllowed(_ scalar: Unicode.Scalar, at index: Int, in label: [Unicode.Scalar]) -> Bool {
        switch scalar.value {
        case 0x2D, 0x30...0x39, 0x61...0x7A, 0xDF, 0x3C2: return true
        case 0..<0x80: return false
        case 0xB7: return index > 0 && index + 1 < label.count && label[index - 1] == "l" && label[index + 1] == "l"
        // Conjoining jamo: two spellings of one syllable.
        case 0x1100...0x11FF, 0xA960...0xA97F, 0xD7B0...0xD7FF: return false
        default: break
        }
        let properties = scalar.properties
        guard !properties.changesWhenNFKCCaseFolded, !properties.isDefaultIgnorableCodePoint else { return false }
        switch properties.generalCategory {
        case .lowercaseLetter, .otherLetter, .modifierLetter, .nonspacingMark, .spacingMark, .decimalNumber: return true
        default: return false
        }
    }
}
