/// A user ID packet's content: by custom a name and a mail address (RFC 9580 section 5.11).
public struct UserID: Hashable, Sendable {
    /// The octets as they are certified; not always UTF-8.
    public let bytes: [UInt8]

    /// Makes a user ID of octets.
    public init(bytes: [UInt8]) { self.bytes = bytes }

    /// The text; octets that are not UTF-8 show as U+FFFD.
    public var string: String { String(decoding: bytes, as: UTF8.self) }

    /// The mail address inside: what stands in the one pair of angle brackets at the end, or the whole user ID where it
    /// looks like a bare address; nil for anything ambiguous. As written: neither case nor domain is normalised.
    public var emailAddress: String? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let candidate: Substring
        if text.hasSuffix(">") {
            guard let open = text.firstIndex(of: "<"), text.lastIndex(of: "<") == open,
                text.firstIndex(of: ">") == text.index(before: text.endIndex)
            else { return nil }
            candidate = text[text.index(after: open)...].dropLast()
        } else {
            candidate = text[...]
        }
        let scalars = candidate.unicodeScalars
        // Blanks, control and format characters, and specials of the address grammar have no place in a bare address.
        let forbidden = "<>()[],;:\\\""
        guard scalars.count(where: { $0 == "@" }) == 1, candidate.first != "@", candidate.last != "@",
            scalars.allSatisfy({ scalar in
                scalar.value > 0x20 && scalar.value != 0x7F && !forbidden.unicodeScalars.contains(scalar)
                    && !scalar.properties.isWhitespace && scalar.properties.generalCategory != .format
                    && scalar.properties.generalCategory != .control
            })
        else { return nil }
        return String(candidate)
    }
}
