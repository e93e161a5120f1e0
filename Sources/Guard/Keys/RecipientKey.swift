public import OpenPGP

/// The key of somebody to write to.
public struct RecipientKey: Sendable {
    /// nil where nobody knows one.
    public var certificate: Certificate?
    public var source: KeySource?
    /// 0 to 5; higher is better.
    public var trustLevel = 0
    /// Whether the level reaches the threshold of the settings.
    public var isTrusted = false
    public var isGuest = false
    /// Whether sending would make a key.
    public var isNew = false
    /// Whether this request made it.
    public var isCreated = false
    public var isInline = false
}
