import MIME

/// Looks for text that imitates what a mail program says of a verified signature.
///
/// Such text proves nothing, and a reader may not know where the mail ends and the program begins. It changes no status;
/// a mail with it never gets away without a reason.
enum StatusImitation {
    /// Words that programs use when they speak of a signature, as they come after `folded`.
    private static let phrases = [
        "good signature", "signature is good", "signature is valid", "valid signature", "signature verified",
        "verified signature", "signature is verified", "trusted signature", "signature is trusted",
        "digitally signed by",
        "message is signed", "message was signed", "signature status", "signature valid", "correct signature",
    ]
    private static let marks: Set<Unicode.Scalar> = [
        "\u{2713}", "\u{2714}", "\u{2705}", "\u{2611}", "\u{1F512}", "\u{1F50F}", "\u{1F510}", "\u{1F6E1}",
    ]
    private static let claims = ["signed", "verified", "signature", "authentic", "secure"]
    /// How much of one text is looked at, in octets.
    private static let maxText = 1 << 18

    static let reason = Reason(
        .imitatedStatus, "text that no signature covers imitates the words of a verified signature")

    /// Whether a field that readers show beside the message does it.
    static func isIn(_ header: [HeaderField]) -> Bool {
        header.contains { field in
            guard field.isNamed("Subject") || field.isNamed("From") else { return false }
            return isIn(field.decodedText, isShort: true)
        }
    }

    /// Whether a text part does it.
    static func isIn(_ message: Message) -> Bool {
        message.root.flattened.contains { entity in
            guard entity.contentType.type == "text", entity.children.isEmpty else { return false }
            return isIn(String(decoding: message.decodedBody(of: entity).bytes.prefix(maxText), as: UTF8.self))
        }
    }

    private static func isIn(_ text: String, isShort: Bool = false) -> Bool {
        let words = folded(text)
        if phrases.contains(where: { contains(words, $0) }) { return true }
        guard isShort, text.unicodeScalars.contains(where: marks.contains) else { return false }
        return claims.contains { contains(words, $0) }
    }

    /// Lower-case words with one space between them, without markup.
    private static func folded(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        var isInTag = false
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "<"): isInTag = true
            case UInt8(ascii: ">"): isInTag = false
            case _ where isInTag: break
            case _ where Octet.isBlank(byte):
                if result.last != Octet.space { result.append(Octet.space) }
            default: result.append(Octet.lower(byte))
            }
        }
        return result
    }

    private static func contains(_ text: [UInt8], _ phrase: String) -> Bool {
        let wanted = Array(phrase.utf8)
        guard let first = wanted.first, text.count >= wanted.count else { return false }
        let span = text.span
        var start = 0
        while let hit = span.firstIndex(of: first, from: start) {
            if text[hit...].starts(with: wanted) { return true }
            start = hit + 1
        }
        return false
    }
}
