/// One check that a certificate or its chain did not pass.
public struct ChainDiagnostic: Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable, CaseIterable {
        /// No path leads to a trusted anchor.
        case untrusted
        /// A signature in the chain is wrong.
        case badSignature = "bad-signature"
        /// Not yet valid when the signature was made.
        case notYetValid = "not-yet-valid"
        /// Already expired when the signature was made.
        case expired
        /// Valid when the signature was made, expired now.
        case expiredSince = "expired-since"
        /// A date of the certificate lies in the future now.
        case notYetValidNow = "not-yet-valid-now"
        /// The key usage does not allow the purpose.
        case keyUsage = "key-usage"
        /// The extended key usage does not allow mail.
        case extendedKeyUsage = "extended-key-usage"
        /// An issuer is no authority, or may not sign certificates.
        case notAuthority = "not-an-authority"
        /// More certificates follow than an authority allows, or than are ever followed.
        case pathTooLong = "path-too-long"
        /// A name lies outside of what an authority may name.
        case nameConstraints = "name-constraints"
        /// The policies of the chain do not fit together.
        case policies
        /// A signature in the chain uses a hash that can be collided.
        case weakHash = "weak-hash"
        /// A key in the chain is too small or of a kind that is no longer used.
        case weakKey = "weak-key"
        /// Revoked, in a way that voids older signatures too, or before the signature was made.
        case revoked
        /// Revoked after the signature was made, for a reason that leaves older signatures alone.
        case revokedSince = "revoked-since"
        /// No revocation list covers a certificate of the chain.
        case listMissing = "crl-missing"
        /// The revocation list is past its time.
        case listExpired = "crl-expired"
        /// The revocation list is not genuine or not understood.
        case listInvalid = "crl-invalid"
        /// A critical extension is not understood.
        case criticalExtension = "critical-extension"
        /// An extension contradicts its grammar or the rest of the certificate.
        case malformed
        /// Checking failed for a reason that has no better name.
        case failed
    }

    public let code: Code
    /// One sentence for people.
    public let message: String
    /// The place of the certificate in the chain; 0 is the one that was asked about.
    public let depth: Int
    /// What its list says, for `revoked` and `revokedSince`.
    public let revocation: RevocationEntry?

    public init(_ code: Code, _ message: String, depth: Int, revocation: RevocationEntry? = nil) {
        self.code = code
        self.message = message
        self.depth = depth
        self.revocation = revocation
    }

    public var description: String { "\(code.rawValue): \(message)" }
}

/// What validation of a certificate found.
public struct ChainResult: Sendable {
    /// The certificate, its issuers, the anchor last; as far as they were found.
    public let chain: [X509Certificate]
    /// What speaks against the certificate, in the order found.
    public let failures: [ChainDiagnostic]
    /// What an administrator may want to know and has decided not to fail for.
    public let notes: [ChainDiagnostic]

    public init(chain: [X509Certificate], failures: [ChainDiagnostic], notes: [ChainDiagnostic]) {
        self.chain = chain
        self.failures = failures
        self.notes = notes
    }

    /// Whether the certificate passed every check.
    public var isValid: Bool { failures.isEmpty }

    /// Whether a failure of this kind was found.
    public func failed(_ code: ChainDiagnostic.Code) -> Bool { failures.contains { $0.code == code } }
}
