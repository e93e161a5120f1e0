/// The `key=value` pairs of a line of guardd's log; values in quotes may hold blanks.
enum LogFields {
    static func parse(_ line: Substring) -> [(name: String, value: String)] {
        var fields: [(String, String)] = []
        var rest = line
        while let equals = rest.firstIndex(of: "=") {
            let name = String(rest[..<equals]).trimmed
            rest = rest[equals...].dropFirst()
            let end: Substring.Index
            if rest.first == "\"" {
                rest = rest.dropFirst()
                // A quotation mark inside of a value is followed by something else than a blank and a name.
                end = closingQuote(rest) ?? rest.endIndex
                fields.append((name, String(rest[..<end])))
                rest = rest[end...].dropFirst()
            } else {
                end = rest.firstIndex(of: " ") ?? rest.endIndex
                fields.append((name, String(rest[..<end])))
                rest = rest[end...]
            }
        }
        return fields
    }

    private static func closingQuote(_ text: Substring) -> Substring.Index? {
        var index = text.startIndex
        while let quote = text[index...].firstIndex(of: "\"") {
            let after = text[quote...].dropFirst()
            let word = after.dropFirst().prefix { $0.isLetter }
            if after.isEmpty || (after.first == " " && !word.isEmpty && after.dropFirst(word.count + 1).first == "=") {
                return quote
            }
            index = text.index(after: quote)
        }
        return nil
    }
}
