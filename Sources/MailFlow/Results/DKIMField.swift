import MIME

/// As much of a `DKIM-Signature` field as says whose it is (RFC 6376, section 3.5).
enum DKIMField {
    static let name = "DKIM-Signature"

    /// The `d=` tag as A-labels in lower case; nil when there is none.
    static func domain(of field: HeaderField) -> String? {
        for tag in field.rawValue.split(separator: 0x3B) {
            let text = tag.filter { $0 > 0x20 }
            guard text.starts(with: [0x64, 0x3D]), let value = String(validating: text.dropFirst(2), as: UTF8.self)
            else {
                continue
            }
            return DomainName(value).text
        }
        return nil
    }

    /// Whether the signature was made by one of the domains or by one below them.
    static func isOwn(_ field: HeaderField, domains: Set<String>) -> Bool {
        guard field.isNamed(name), let domain = domain(of: field) else { return false }
        return domains.contains { domain == $0 || domain.hasSuffix("." + $0) }
    }
}
