/// What an administrator decides about the support desk.
public struct SupportSettings: Sendable, Equatable {
    /// Hours for which deleted keys can be downloaded once they are exposed.
    public var exposureHours = 24
    /// What addresses for downloads begin with, as `https://guard.example.org`; nil takes the host that the desk used.
    public var publicURL: String?

    public init() {}
}
