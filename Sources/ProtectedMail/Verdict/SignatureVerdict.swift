public import OpenPGP

/// What one signature of a message is worth.
public struct SignatureVerdict: Sendable, Equatable {
    /// How much of what the reader will see a signature covers.
    public enum Coverage: Sendable, Equatable {
        /// The whole body.
        case wholeMessage
        /// Only the part with this number, counted as IMAP does (RFC 9051, section 6.4.5): `1`, `1.2`; or `TEXT` for a
        /// stretch inside a text body that has other text around it.
        case part(String)
    }

    /// The result for this signature alone.
    public var status: Verdict.Status
    /// The signer's certificate, by its primary key; nil when it is not known.
    public var fingerprint: Fingerprint?
    /// The key that made the signature, as far as the signature or the certificate tells.
    public var keyID: KeyID?
    /// The user ID that counts: the one with the From address, else the primary one; nil when the key is not known.
    public var userID: String?
    /// Where the certificate came from; nil when it is not known.
    public var provenance: Provenance?
    /// What the signature covers.
    public var coveredPart: Coverage
    /// When the signature says it was made.
    public var created: Timestamp?
    /// The validity of the key when it signed and now, in words for people.
    public var keyValidity: String
    /// What keeps this signature from `pass`; nil when nothing does.
    public var reason: Reason?

    /// A verdict on one signature.
    public init(
        status: Verdict.Status, fingerprint: Fingerprint? = nil, keyID: KeyID? = nil, userID: String? = nil,
        provenance: Provenance? = nil, coveredPart: Coverage = .wholeMessage, created: Timestamp? = nil,
        keyValidity: String = "unknown", reason: Reason? = nil
    ) {
        self.status = status
        self.fingerprint = fingerprint
        self.keyID = keyID
        self.userID = userID
        self.provenance = provenance
        self.coveredPart = coveredPart
        self.created = created
        self.keyValidity = keyValidity
        self.reason = reason
    }
}
