public import CMS

/// What an administrator decides about users' S/MIME certificates.
public struct CertificateSettings: Sendable, Equatable {
    /// Whether users may bring certificates that no chain leads to a trusted authority from.
    public var allowsUntrusted = false
    /// The kind of keys that are made here.
    public var keyKind = GeneratedKeyKind.rsa3072
    /// The organization in names of certificates that are requested here; nil for none.
    public var organization: String?
    /// How much a certificate is worth that a chain to a trusted authority vouches for, and one without.
    public var trustedLevel = 4
    public var untrustedLevel = 1
    /// From which level on a certificate is called trusted.
    public var threshold = 4
    /// Certificates of correspondents that one user may keep.
    public var maximumRecipients = 10_000
    /// Own certificates that one user may keep.
    public var maximumOwn = 100

    public init() {}
}
