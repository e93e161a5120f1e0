/// The languages of texts for people.
public enum Language: String, Sendable, CaseIterable {
    case english = "en_US"
    case german = "de_DE"

    /// Its name in itself.
    public var displayName: String {
        switch self {
        case .english: "English"
        case .german: "Deutsch"
        }
    }

    /// Takes `de`, `de_DE`, `de-AT` and the like; nil for a language that is not there.
    public init?(tag: some StringProtocol) {
        switch tag.prefix(while: { $0 != "_" && $0 != "-" }).lowercased() {
        case "en": self = .english
        case "de": self = .german
        default: return nil
        }
    }

    /// The best of an Accept-Language field (RFC 9110 section 12.5.4); nil where it names none that is there.
    init?(accepting field: String) {
        let wishes = field.split(separator: ",").prefix(20).compactMap { item -> (Language, Double)? in
            let parts = item.split(separator: ";")
            guard let tag = parts.first, let language = Language(tag: tag.filter { $0 != " " }) else { return nil }
            let quality = parts.dropFirst().first.map { $0.filter { $0 != " " } }
            guard let quality, quality.hasPrefix("q=") else { return (language, 1) }
            return (language, Double(quality.dropFirst(2)) ?? 0)
        }
        guard let best = wishes.filter({ $0.1 > 0 }).max(by: { $0.1 < $1.1 }) else { return nil }
        self = best.0
    }
}
