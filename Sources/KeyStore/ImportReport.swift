public import OpenPGP
public import ProtectedMail

/// What an import did, key by key.
public struct ImportReport: Sendable {
    public enum Outcome: String, Sendable {
        /// Was not known.
        case new
        /// Was known; something was added or its provenance rose.
        case updated
        /// Everything was known.
        case unchanged
    }

    public struct Entry: Sendable {
        public var fingerprint: Fingerprint
        /// User IDs as text, the first ones.
        public var userIDs: [String]
        public var outcome: Outcome
        /// Whether a secret key was taken too.
        public var hasSecret: Bool
    }

    public var entries: [Entry] = []
    /// What was passed over, one sentence each.
    public var problems: [String] = []

    public init() {}

    public func count(_ outcome: Outcome) -> Int { entries.count { $0.outcome == outcome } }
}

/// One certificate of a listing.
public struct CertificateRecord: Sendable {
    public var certificate: Certificate
    public var provenance: Provenance
    /// How far each user ID is believed, in the order of `certificate.userIDs`.
    public var userIDProvenances: [Provenance]
    /// Whether its secret key is kept here.
    public var hasSecret: Bool
    /// Unix seconds of the first import and the last change.
    public var created: Int64
    public var updated: Int64
}
