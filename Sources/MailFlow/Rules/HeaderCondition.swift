import MIME

/// A condition on a header field: `Name` (it is there) or `Name: text` (with that value; `*` stands for anything).
public struct HeaderCondition: Sendable, Equatable {
    public let name: String
    /// In lower case; nil for any value.
    public let value: String?

    /// Reads a condition. Throws `MailFlowError` with code `condition`.
    public init(_ text: String) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts.first ?? "")
        guard !name.isEmpty, name.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw MailFlowError(
                .condition,
                "'\(SMTPReply.clean(text, limit: 80))' is no header condition; write \"Name\" or \"Name: value\"")
        }
        self.name = name
        let wanted = parts.count == 2 ? parts.last.map { $0.drop { $0 == " " } } : nil
        value = wanted.map { $0.lowercased() }
    }

    func matches(_ header: [HeaderField]) -> Bool {
        header.contains { field in
            field.isNamed(name) && (value.map { Wildcard.matches($0, field.decodedText.lowercased()) } ?? true)
        }
    }
}

/// `*` stands for any text, everything else for itself. Linear in pattern times text at worst.
enum Wildcard {
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let pattern = Array(pattern.utf8)
        let text = Array(text.utf8)
        var p = 0
        var t = 0
        var star: (pattern: Int, text: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == 0x2A {
                star = (p, t)
                p += 1
            } else if p < pattern.count, pattern[p] == text[t] {
                p += 1
                t += 1
            } else if let last = star {
                p = last.pattern + 1
                t = last.text + 1
                star = (last.pattern, t)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == 0x2A }
    }
}
