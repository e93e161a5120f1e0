import MIME

/// The authserv-id of an `Authentication-Results` field (RFC 8601, section 2.2):
/// `[CFWS] value [CFWS version] ...`, where `value` is a token or a quoted string.
///
/// The reader leans towards finding our name: a reader behind us may be more forgiving than the grammar, and a field
/// that is removed for nothing does less harm than a forged one that stays.
struct AuthservID {
    /// Compared without case and without a dot at the end.
    private let wanted: [UInt8]

    init(_ id: String) { wanted = AuthservID.fold(Array(id.utf8)) }

    /// Whether the field value carries the id, whatever its case, quoting, comments and folding.
    func isCarried(by value: [UInt8]) -> Bool {
        let head = AuthservID.head(of: value)
        guard head.isClean else {
            // A comment or a quoted string that never ends: readers will differ, so the name anywhere in it is enough.
            return AuthservID.contains(AuthservID.fold(value.filter { !AuthservID.isMarkup($0) }), wanted)
        }
        if let first = head.words.first, matches(first) { return true }
        // Comments and folding inside of the name, and a version number that follows it.
        if matches(head.words.flatMap { $0 }) { return true }
        guard let last = head.words.last, last.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        return matches(head.words.dropLast().flatMap { $0 })
    }

    private func matches(_ name: [UInt8]) -> Bool {
        let folded = AuthservID.fold(name)
        if folded == wanted { return true }
        // An id may be written in U-labels (RFC 8601, section 2.3).
        guard folded.contains(where: { $0 >= 0x80 }), let text = String(validating: folded, as: UTF8.self) else {
            return false
        }
        return AuthservID.fold(Array(DomainName(text).text.utf8)) == wanted
    }

    /// The words before the first semicolon, comments dropped and quotes resolved; not clean when a comment or a quoted
    /// string has no end.
    private static func head(of value: [UInt8]) -> (words: [[UInt8]], isClean: Bool) {
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        var isInWord = false
        var depth = 0
        var isQuoted = false
        var isEscaped = false
        func endWord() {
            if isInWord { words.append(word) }
            word = []
            isInWord = false
        }
        func add(_ byte: UInt8) {
            word.append(byte)
            isInWord = true
        }
        for byte in value {
            if isEscaped {
                isEscaped = false
                if depth == 0 { add(byte) }
                continue
            }
            switch byte {
            case 0x5C where depth > 0 || isQuoted: isEscaped = true
            case 0x28 where !isQuoted: depth += 1
            case 0x29 where depth > 0: depth -= 1
            case _ where depth > 0: break
            case 0x22:
                isQuoted.toggle()
                isInWord = true
            case 0x0D, 0x0A: break
            case 0x20 where !isQuoted, 0x09 where !isQuoted: endWord()
            case 0x3B where !isQuoted:
                endWord()
                return (words, true)
            default: add(byte)
            }
        }
        endWord()
        return (words, depth == 0 && !isQuoted && !isEscaped)
    }

    private static func isMarkup(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == 0x22 || byte == 0x28 || byte == 0x29 || byte == 0x5C || byte == 0x7F
    }

    private static func fold(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes.compactMap { byte -> UInt8? in
            if byte == 0 { return nil }
            return (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
        }
        while result.last == 0x2E || result.last == 0x20 { result.removeLast() }
        return result
    }

    private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        guard !part.isEmpty, part.count <= text.count else { return false }
        return text.indices.dropLast(part.count - 1).contains { text[$0...].starts(with: part) }
    }
}
