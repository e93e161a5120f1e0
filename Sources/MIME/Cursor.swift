/// A checked reader over the octets of one header value: no position is ever outside of them.
struct Cursor {
    let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }
    var isAtEnd: Bool { position >= bytes.count }
    func peek(ahead count: Int) -> UInt8? {
        count >= 0 && count < bytes.count - position ? bytes[position + count] : nil
    }
    func slice(from start: Int) -> ArraySlice<UInt8> {
        start >= 0 && start <= position ? bytes[start..<position] : []
    }
    var rest: ArraySlice<UInt8> { bytes[position...] }

    mutating func advance(_ count: Int = 1) { position = min(bytes.count, position + max(0, count)) }
    mutating func move(to place: Int) { position = min(bytes.count, max(0, place)) }

    mutating func next() -> UInt8? {
        guard let byte = peek else { return nil }
        position += 1
        return byte
    }

    /// Steps over `byte` if it is next.
    mutating func consume(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    mutating func take(while condition: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = position
        while let byte = peek, condition(byte) { position += 1 }
        return bytes[start..<position]
    }

    mutating func skipWhiteSpace() {
        while let byte = peek, ASCII.isFWS(byte) { position += 1 }
    }

    /// Skips white space and comments. Returns the text of the comments, outer parentheses removed and quoted pairs
    /// resolved, and whether all of them were closed.
    @discardableResult
    mutating func skipCFWS() -> (comments: [[UInt8]], closed: Bool) {
        var comments: [[UInt8]] = []
        var closed = true
        while true {
            skipWhiteSpace()
            guard peek == ASCII.open else { return (comments, closed) }
            let comment = takeComment()
            comments.append(comment.text)
            closed = closed && comment.closed
        }
    }

    /// Reads one comment; nested ones are part of its text (a counter, not recursion: depth costs nothing).
    mutating func takeComment() -> (text: [UInt8], closed: Bool) {
        var text: [UInt8] = []
        guard consume(ASCII.open) else { return (text, true) }
        var depth = 1
        while let byte = next() {
            switch byte {
            case ASCII.backslash:
                if let quoted = next() { text.append(quoted) }
                continue
            case ASCII.open: depth += 1
            case ASCII.close:
                depth -= 1
                if depth == 0 { return (text, true) }
            default: break
            }
            text.append(byte)
        }
        return (text, false)
    }

    /// Reads a quoted string, the opening quote being next. Quoted pairs are resolved, line ends dropped.
    mutating func takeQuotedString() -> (text: [UInt8], closed: Bool) {
        var text: [UInt8] = []
        guard consume(ASCII.quote) else { return (text, true) }
        while let byte = next() {
            switch byte {
            case ASCII.quote: return (text, true)
            case ASCII.backslash: if let quoted = next() { text.append(quoted) }
            case ASCII.cr, ASCII.lf: break
            default: text.append(byte)
            }
        }
        return (text, false)
    }
}
