public import OpenPGP

/// A ring of somebody else, as one of our users keeps it.
public struct ExternalRing: Sendable {
    public enum Source: String, Sendable, CaseIterable {
        /// The user brought it.
        case uploaded
        /// It came in the header of a mail.
        case autocrypt
    }

    public var id: Int64
    /// Who keeps it.
    public var accountID: Int64
    public var certificate: Certificate
    public var source: Source
    /// Whether the other users of the domain may use it too.
    public var isShared: Bool
    /// Inline OpenPGP by default.
    public var isInline: Bool
    /// Whether the user made sure whose it is. What was uploaded counts as such.
    public var isVerified: Bool
    /// Unix seconds of the mail that brought it, or of the upload.
    public var seen: Int64
}
