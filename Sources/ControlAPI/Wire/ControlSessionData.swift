/// A session that was opened.
struct ControlSessionData: Encodable, Sendable {
    let session: String
    let user: Int64
    let context: Int64
    let guest: Bool
    /// Milliseconds since the epoch.
    let expiresAt: Int64
}
