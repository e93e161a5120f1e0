/// One filter in a list of milters: `unix:path`, `inet:host:port`, or `{ inet:host:port, default_action=accept }`.
struct MilterEntry: Equatable {
    let address: String
    /// The settings that count for this filter alone.
    let options: [String: String]

    static func parse(_ list: String) -> [MilterEntry] {
        list.wordsOutsideBraces().compactMap { word in
            guard let content = word.insideBraces else { return MilterEntry(address: word, options: [:]) }
            // Blanks may stand around an equals sign, so commas alone separate here.
            let parts = content.wordsOutsideBraces(separators: [","]).map(\.trimmed)
            let words = parts.first?.wordsOutsideBraces() ?? []
            guard let address = words.first else { return nil }
            var options: [String: String] = [:]
            for part in words.dropFirst() + parts.dropFirst() {
                if let (name, value) = (part.insideBraces ?? part).assignment { options[name] = value }
            }
            return MilterEntry(address: address, options: options)
        }
    }

    /// Where it leads, seen from a service.
    func endpoint(queueDirectory: String, isChrooted: Bool) -> MilterEndpoint? {
        MilterEndpoint(postfix: address, queueDirectory: queueDirectory, isChrooted: isChrooted)
    }
}

/// Where a filter listens.
enum MilterEndpoint: Equatable {
    case unix(String)
    case inet(host: String, port: String)

    /// As Postfix writes it. A relative path begins at the queue directory; for a service that is locked into it, an
    /// absolute one too.
    init?(postfix text: String, queueDirectory: String, isChrooted: Bool) {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard let scheme = parts.first, let rest = parts.dropFirst().first else { return nil }
        switch scheme.lowercased() {
        case "unix", "local":
            let isInside = isChrooted || !rest.hasPrefix("/")
            self = .unix(isInside ? queueDirectory + "/" + rest.drop { $0 == "/" } : String(rest))
        case "inet", "inet6":
            self = Self.inet(rest)
        default: return nil
        }
    }

    /// As `socket` of the configuration of guardd.
    init?(guardd text: String) {
        if text.hasPrefix("/") {
            self = .unix(text)
            return
        }
        self.init(postfix: text, queueDirectory: "", isChrooted: false)
    }

    /// `host:port`, or libmilter's `port@host`.
    private static func inet(_ text: Substring) -> MilterEndpoint {
        if let at = text.firstIndex(of: "@") {
            return .inet(host: fold(text[text.index(after: at)...]), port: String(text[..<at]))
        }
        guard let colon = text.lastIndex(of: ":") else { return .inet(host: "", port: String(text)) }
        return .inet(host: fold(text[..<colon]), port: String(text[text.index(after: colon)...]))
    }

    private static func fold(_ host: Substring) -> String {
        let bare = host.filter { $0 != "[" && $0 != "]" }.lowercased()
        return ["localhost", "::1", "*", ""].contains(bare) ? "127.0.0.1" : bare
    }
}
