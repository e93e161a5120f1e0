import MailFlow

/// An SMTP reply in the form `smfi_setreply` accepts.
struct ReplyText: Equatable {
    /// libmilter takes 980 bytes; an SMTP reply line is 512 with code, enhanced code and CR LF (RFC 5321, 4.5.3.1.5).
    static let maximumLength = 490

    let code: String
    let enhanced: String
    let text: String
    let isPermanent: Bool

    /// `fallback` class when the reply carries a code outside 400-599: never better than a deferral.
    init(_ reply: SMTPReply) {
        let valid = (400...599).contains(reply.code)
        isPermanent = valid && reply.code >= 500
        code = valid ? String(reply.code) : "451"
        enhanced =
            Self.isEnhanced(reply.enhanced, of: isPermanent ? "5" : "4") ? reply.enhanced : "\(isPermanent ? 5 : 4).0.0"
        text = Self.sanitised(reply.text)
    }

    /// RFC 3463: class "." subject "." detail, and the class must be that of the code.
    private static func isEnhanced(_ text: String, of digit: Character) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0] == String(digit)
            && parts.dropFirst().allSatisfy {
                (1...3).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) }
            }
    }

    /// One line of printable ASCII; percent signs doubled, because the MTA reads them as a format.
    static func sanitised(_ text: String) -> String {
        var result: [UInt8] = []
        for scalar in text.unicodeScalars {
            let byte: UInt8 = (0x20...0x7E).contains(scalar.value) ? UInt8(truncatingIfNeeded: scalar.value) : 0x3F
            let piece: [UInt8] = byte == 0x25 ? [0x25, 0x25] : [byte]
            guard result.count + piece.count <= maximumLength else { break }
            result += piece
        }
        return result.isEmpty ? "Refused" : String(decoding: result, as: UTF8.self)
    }
}
