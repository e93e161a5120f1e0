/// A whole reply of a server (RFC 5321, section 4.2): the code, and the text of each line without it.
public struct ServerReply: Sendable, Equatable, CustomStringConvertible {
    /// 200 to 559.
    public let code: Int
    /// At least one; octets that are not UTF-8 became U+FFFD.
    public let lines: [String]

    public init(code: Int, lines: [String]) {
        self.code = code
        self.lines = lines
    }

    /// 2xx.
    public var isPositive: Bool { code / 100 == 2 }
    /// 4xx or 5xx.
    public var isRefusal: Bool { code >= 400 }

    /// The enhanced status code (RFC 2034, RFC 3463) of the first line, where it is of the class of the reply.
    public var enhanced: String? {
        guard let word = lines.first?.split(separator: " ", maxSplits: 1).first else { return nil }
        let parts = word.split(separator: ".", omittingEmptySubsequences: false)
        let isNumber = parts.allSatisfy { (1...3).contains($0.utf8.count) && $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } }
        guard parts.count == 3, isNumber, parts.first.flatMap({ Int($0) }) == code / 100 else { return nil }
        return String(word)
    }

    /// The text of all lines without the enhanced code of the first, in one line.
    public var text: String {
        var first = lines.first ?? ""
        if let enhanced { first = String(first.dropFirst(enhanced.count).drop { $0 == " " }) }
        return ([first] + lines.dropFirst()).filter { !$0.isEmpty }.joined(separator: " / ")
    }

    /// For logs: one line of at most 300 characters.
    public var description: String {
        let whole = "\(code) \(lines.joined(separator: " / "))"
        return whole.count > 300 ? String(whole.prefix(300)) + "..." : whole
    }
}
