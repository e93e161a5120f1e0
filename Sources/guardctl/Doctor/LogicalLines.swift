/// The lines of a Postfix configuration file as postconf(5) and master(5) define them: a line that starts with white space
/// continues the one before; empty lines and comments do not end it.
struct LogicalLine: Equatable {
    /// Of the first physical line, from 1.
    let number: Int
    let text: String

    static func split(_ text: String) -> [LogicalLine] {
        var lines: [LogicalLine] = []
        // A CR LF pair is one Character, so both ends of lines are covered.
        for (index, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let content = raw.drop(while: \.isWhitespace)
            guard let first = content.first, first != "#" else { continue }
            if raw.first?.isWhitespace == true, let last = lines.popLast() {
                lines.append(LogicalLine(number: last.number, text: last.text + " " + content))
            } else {
                lines.append(LogicalLine(number: index + 1, text: String(raw)))
            }
        }
        return lines.map { LogicalLine(number: $0.number, text: $0.text.trimmed) }
    }
}

extension StringProtocol {
    /// Without white space at either end.
    var trimmed: String {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest = rest.dropFirst() }
        while rest.last?.isWhitespace == true { rest = rest.dropLast() }
        return String(rest)
    }

    /// The words between blanks and commas; what stands in braces is one word, braces included.
    func wordsOutsideBraces(separators: Set<Character> = [",", " ", "\t"]) -> [String] {
        var words: [String] = []
        var word = ""
        var depth = 0
        for character in self {
            if depth == 0, separators.contains(character) {
                if !word.isEmpty { words.append(word) }
                word = ""
                continue
            }
            if character == "{" { depth += 1 }
            if character == "}", depth > 0 { depth -= 1 }
            word.append(character)
        }
        if !word.isEmpty { words.append(word) }
        return words
    }

    /// The content of `{ ... }`; nil for anything else.
    var insideBraces: String? {
        guard first == "{", last == "}", count >= 2 else { return nil }
        return dropFirst().dropLast().trimmed
    }

    /// `name = value`; nil without an equals sign or a name.
    var assignment: (name: String, value: String)? {
        guard let equals = firstIndex(of: "=") else { return nil }
        let name = self[..<equals].trimmed
        guard !name.isEmpty, !name.contains(where: \.isWhitespace) else { return nil }
        return (name, self[index(after: equals)...].trimmed)
    }
}
