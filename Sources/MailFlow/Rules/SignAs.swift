import MIME

/// Which addresses a login may sign as. A login that is itself an address may always sign as that address.
public struct SignAs: Sendable, Equatable {
    private var patterns: [String: [AddressPattern]]

    /// Patterns by login, as the SASL mechanism gives it.
    public init(_ patterns: [String: [AddressPattern]] = [:]) { self.patterns = patterns }

    func allows(login: String, address: EmailAddress) -> Bool {
        if let own = EmailAddress(login), own.isDomainMapped, own == address { return true }
        return patterns[login]?.match(.address(address)) == .yes
    }
}
