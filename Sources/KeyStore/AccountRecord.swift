public import MIME

/// A mailbox whose keys guardd manages: one of our own users, or a guest.
public struct AccountRecord: Sendable, Equatable {
    /// Never used again, even when the account is gone.
    public var id: Int64
    /// The row of the mail domain: the tenant.
    public var domainID: Int64
    public var address: EmailAddress
    /// Rises with every change of anything that belongs to the account.
    public var version: Int64
    public var isGuest: Bool
    /// As `en_US`; empty for the default.
    public var language: String
    public var displayName: String
    /// Where a new password goes when the old one is lost.
    public var secondary: EmailAddress?
    /// New mail is encrypted by default.
    public var encryptsByDefault: Bool
    /// New mail is signed by default.
    public var signsByDefault: Bool
    /// Inline OpenPGP by default.
    public var inlineByDefault: Bool
    /// Unix seconds.
    public var created: Int64
    /// Unix seconds; nil while the account is in use.
    public var deleted: Int64?

    public init(
        id: Int64, domainID: Int64, address: EmailAddress, version: Int64 = 0, isGuest: Bool = false,
        language: String = "", displayName: String = "", secondary: EmailAddress? = nil,
        encryptsByDefault: Bool = false, signsByDefault: Bool = false, inlineByDefault: Bool = false,
        created: Int64, deleted: Int64? = nil
    ) {
        self.id = id
        self.domainID = domainID
        self.address = address
        self.version = version
        self.isGuest = isGuest
        self.language = language
        self.displayName = displayName
        self.secondary = secondary
        self.encryptsByDefault = encryptsByDefault
        self.signsByDefault = signsByDefault
        self.inlineByDefault = inlineByDefault
        self.created = created
        self.deleted = deleted
    }
}
