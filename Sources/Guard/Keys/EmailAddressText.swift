import MIME

/// A mail address as a client wrote it.
public struct EmailAddressText: Sendable, Equatable {
    public let text: String

    public init(_ text: String) { self.text = text }

    /// - Throws: `badParameter`.
    func parsed() throws -> EmailAddress {
        guard let address = EmailAddress(text), address.isDomainMapped else {
            throw GuardError(.badParameter, "this is no mail address", parameters: ["email"])
        }
        return address
    }
}
