/// A reply to an SMTP command (RFC 5321, section 4.2) with its enhanced status code (RFC 3463).
public struct SMTPReply: Sendable, Equatable {
    /// 400 to 599.
    public let code: Int
    /// `5.7.1`
    public let enhanced: String
    /// One line of printable ASCII.
    public let text: String

    /// A reply. Whatever is not printable ASCII in `text` becomes a question mark, so that an address cannot end the
    /// line; the text is cut at 400 octets.
    public init(code: Int, enhanced: String, text: String) {
        self.code = code
        self.enhanced = enhanced
        self.text = SMTPReply.clean(text, limit: 400)
    }

    static func clean(_ text: String, limit: Int) -> String {
        let octets = text.utf8
        if octets.count <= limit, octets.allSatisfy({ (0x20...0x7E).contains($0) }) { return text }
        var result = ""
        var count = 0
        for scalar in text.unicodeScalars where count < limit {
            result.unicodeScalars.append((0x20...0x7E).contains(scalar.value) ? scalar : "?")
            count += 1
        }
        return result
    }
}
