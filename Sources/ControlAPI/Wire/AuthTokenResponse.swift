import Guard

/// A token alone.
struct AuthResponse: Encodable, Sendable {
    let auth: String
}

/// A token and how long it counts.
struct AuthTokenResponse: Encodable, Sendable {
    let auth: String
    let minutesValid: Int64
    /// Milliseconds since 1970.
    let createdOn: Int64

    init(_ token: AuthToken) {
        auth = token.text.text
        minutesValid = token.minutesValid
        createdOn = token.created.multipliedReportingOverflow(by: 1000).partialValue
    }
}
