/// Where deleted keys can be downloaded, and until when.
struct ExposedKeyResponse: Encodable, Sendable {
    let url: String
    /// Milliseconds since 1970.
    let expiresAt: Int64
}
