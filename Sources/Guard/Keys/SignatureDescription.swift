import OpenPGP

/// A signature on a key, in words that need no OpenPGP.
public struct SignatureDescription: Sendable, Equatable {
    /// The octet that says what kind it is (RFC 9580 section 5.2.1).
    public var type: Int
    public var summary: String
    /// What it is about; nil for signatures on keys.
    public var userID: String?
    public var keyID: UInt64
    public var fingerprint: String
    /// The main user ID of whoever made it; nil where nobody knows.
    public var issuer: String?
    public var issuerKeyID: UInt64?
    public var issuerFingerprint: String?
    public var isVerified: Bool
    /// The maker's key is unknown, so that nothing can be said.
    public var isKeyMissing: Bool
    /// The number of the hash algorithm (RFC 9580 section 9.5).
    public var hash: Int
    /// Unix seconds; nil where it does not say.
    public var creation: Int64?
    public var version: Int

    init(_ signature: CertificateSignature, at time: Timestamp, policy: AlgorithmPolicy) {
        let packet = signature.signature
        type = Int(packet.type.rawValue)
        summary = Self.summary(packet.type)
        userID = signature.userID?.string
        keyID = signature.key.keyID.value
        fingerprint = signature.key.fingerprint.hex
        issuer = signature.issuer?.primaryUserID(at: time, policy: policy)?.string
        issuerKeyID = packet.issuers.first?.keyID.value
        issuerFingerprint = signature.issuer?.fingerprint.hex
        if case .fingerprint(let named)? = packet.issuers.first { issuerFingerprint = named.hex }
        isVerified = signature.check == .right
        isKeyMissing = signature.check == .keyMissing
        hash = Int(packet.hash.rawValue)
        creation = packet.creation?.seconds
        version = Int(packet.version)
    }

    private static func summary(_ type: SignatureType) -> String {
        switch type {
        case .genericCertification: "generic certification"
        case .personaCertification: "persona certification"
        case .casualCertification: "casual certification"
        case .positiveCertification: "positive certification"
        case .subkeyBinding: "subkey binding"
        case .primaryKeyBinding: "primary key binding"
        case .directKey: "direct-key signature"
        case .keyRevocation: "key revocation"
        case .subkeyRevocation: "subkey revocation"
        case .certificationRevocation: "certification revocation"
        default: "other signature"
        }
    }
}
