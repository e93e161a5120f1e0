public import MIME

/// A pattern for addresses: `user@dom` that address, `@dom` everybody at the domain, `.dom` everybody below the domain,
/// `*` everybody and the null sender, `<>` the null sender and nothing else.
public enum AddressPattern: Hashable, Sendable {
    case any
    case null
    case mailbox(EmailAddress)
    /// A-labels in lower case.
    case domain(String)
    case subdomains(String)

    /// What a pattern is held against.
    public enum Subject: Hashable, Sendable {
        case null
        case address(EmailAddress)
        /// Something that cannot be read as an address, so that any pattern might have been meant for it.
        case unreadable
    }

    /// Whether a pattern fits.
    public enum Match: Sendable, Equatable {
        case yes, no
        /// It cannot be said.
        case maybe

        /// Whether both fit.
        func and(_ other: Match) -> Match {
            if self == .no || other == .no { return .no }
            return self == .maybe || other == .maybe ? .maybe : .yes
        }
    }

    /// Reads a pattern. Throws `MailFlowError` with code `pattern`.
    public init(_ text: String) throws {
        switch text {
        case "*": self = .any
        case "<>": self = .null
        default:
            if text.hasPrefix("@") {
                self = .domain(try AddressPattern.domain(text.dropFirst(), of: text))
            } else if text.hasPrefix(".") {
                self = .subdomains(try AddressPattern.domain(text.dropFirst(), of: text))
            } else if let address = EmailAddress(text), address.isDomainMapped {
                self = .mailbox(address)
            } else {
                throw MailFlowError(
                    .pattern,
                    "'\(SMTPReply.clean(text, limit: 80))' is no address pattern; write user@example.org, "
                        + "@example.org, .example.org, * or <>")
            }
        }
    }

    private static func domain(_ name: Substring, of text: String) throws -> String {
        // Through the one address parser: what it does not take as a domain cannot be in an address either.
        guard let address = EmailAddress("x@" + name), address.isDomainMapped, !name.hasPrefix("."),
            !name.hasSuffix(".")
        else {
            throw MailFlowError(.pattern, "'\(SMTPReply.clean(text, limit: 80))' names no domain; write @example.org")
        }
        return address.domain
    }

    /// Whether the subject fits. The case of ASCII letters in local parts does not matter here: a rule that protects
    /// must not be dodged by capitals.
    public func matches(_ subject: Subject) -> Match {
        switch (self, subject) {
        case (.any, _): return .yes
        case (.null, .null): return .yes
        case (.null, .address), (_, .null): return .no
        case (_, .unreadable): return .maybe
        case (.mailbox(let wanted), .address(let address)):
            return wanted.domain == address.domain && wanted.localPart.lowercased() == address.localPart.lowercased()
                ? .yes : .no
        case (.domain(let domain), .address(let address)): return address.domain == domain ? .yes : .no
        case (.subdomains(let domain), .address(let address)):
            return address.domain.hasSuffix("." + domain) ? .yes : .no
        }
    }
}

extension Sequence<AddressPattern> {
    /// The best answer of any pattern.
    func match(_ subject: AddressPattern.Subject) -> AddressPattern.Match {
        var best = AddressPattern.Match.no
        for pattern in self {
            switch pattern.matches(subject) {
            case .yes: return .yes
            case .maybe: best = .maybe
            case .no: break
            }
        }
        return best
    }
}
