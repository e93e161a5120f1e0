public import CMS
public import MIME
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
    /// The protocol of the signature.
    public var `protocol`: MailProtocol
    /// The signer's certificate, by its primary key; nil when it is not known or not of OpenPGP.
    public var fingerprint: Fingerprint?
    /// The key that made the signature, as far as the signature or the certificate tells.
    public var keyID: KeyID?
    /// The signer's certificate of S/MIME; nil when it is not known or not of S/MIME.
    public var certificate: X509Certificate?
    /// What an S/MIME signer says under the signature that they can read; nil where they say nothing.
    public var capabilities: SMIMECapabilities?
    /// The part that holds an S/MIME signature (RFC 7281, section 3.2.1); nil for OpenPGP.
    public var signaturePart: String?
    /// The user ID that counts: the one with the From address, else the primary one; nil when the key is not known.
    public var userID: String?
    /// The signer's address that counts: that of From if the key names it, else the first one the key names.
    public var signer: EmailAddress?
    /// What ties the key to its addresses.
    public var trust: Trust
    /// What the signature covers.
    public var coveredPart: Coverage
    /// When the signature says it was made.
    public var created: Timestamp?
    /// The validity of the key when it signed and now, in words for people.
    public var keyValidity: String
    /// All that keeps this signature from `pass`, the most telling first; empty when nothing does.
    public var reasons: [Reason]

    /// The most telling of the reasons.
    public var reason: Reason? { reasons.first }
    /// The best name of the key, as hexadecimal digits: the fingerprint of the key or certificate, else the key ID; nil
    /// when neither is known.
    public var key: String? {
        fingerprint?.hex ?? keyID?.hex ?? (try? certificate?.fingerprint).flatMap { $0 }.map { $0.hex }
    }
    /// Where an OpenPGP certificate came from; nil when it is not known.
    public var provenance: Provenance? { if case .source(let provenance) = trust { provenance } else { nil } }

    /// A verdict on one signature.
    public init(
        status: Verdict.Status, protocol: MailProtocol = .openpgp, fingerprint: Fingerprint? = nil, keyID: KeyID? = nil,
        userID: String? = nil, signer: EmailAddress? = nil, trust: Trust = .none, coveredPart: Coverage = .wholeMessage,
        created: Timestamp? = nil, keyValidity: String = "unknown", reasons: [Reason] = []
    ) {
        self.status = status
        self.protocol = `protocol`
        self.fingerprint = fingerprint
        self.keyID = keyID
        self.userID = userID
        self.signer = signer
        self.trust = trust
        self.coveredPart = coveredPart
        self.created = created
        self.keyValidity = keyValidity
        self.reasons = reasons
    }
}
