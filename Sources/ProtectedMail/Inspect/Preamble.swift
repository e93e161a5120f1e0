/// What may stand around the parts of a signed multipart without being a message of its own.
///
/// Readers that know MIME show neither preamble nor epilogue, others show both. So a signature counts for the whole
/// message only where there is nothing but the notice that mail programs put there for the others.
enum Preamble {
    private static let starts = [
        "this is an openpgp/mime signed message", "this is an openpgp/mime encrypted message",
        "this is a multi-part message in mime format", "this is a cryptographically signed message in mime format",
        "this is an s/mime signed message",
        "this is a mime formatted message", "this is a multipart message in mime format",
        "this message is in mime format",
    ]
    /// The longest notice in octets.
    static let maxLength = 256

    /// Whether this is nothing, or one of the notices on one line, with nothing after it but a bracket such as
    /// "(RFC 4880 and 3156)".
    static func isHarmless(_ bytes: [UInt8]) -> Bool {
        guard !bytes[...].isBlank else { return true }
        guard bytes.count <= maxLength, bytes.allSatisfy({ $0 < 0x7F }) else { return false }
        let text = String(decoding: bytes.map(Octet.lower), as: UTF8.self)
        let trimmed = String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        guard let start = starts.first(where: { trimmed.hasPrefix($0) }) else { return false }
        let rest = trimmed.dropFirst(start.count).filter { $0 != "." && $0 != " " && $0 != "-" }
        if rest.isEmpty { return true }
        guard rest.first == "(", rest.last == ")", rest.count <= 24 else { return false }
        let words = rest.dropFirst().dropLast()
        return words.hasPrefix("rfc") && words.dropFirst(3).allSatisfy { $0.isNumber || "andrfc".contains($0) }
    }
}
