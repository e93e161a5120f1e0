/// What became of one signature over data.
public enum SignatureOutcome: Sendable, Hashable {
    /// The mathematics is right, the key was valid and allowed to sign when the signature was made and still is, no rule of the
    /// policy is broken. Whose key it is and whether it is trusted is another question.
    case good
    /// The signature does not fit content and key.
    case bad
    /// No certificate for it is known.
    case unknownKey
    /// The mathematics is right, the key has expired (now, or before the signature was made).
    case keyExpired
    /// The mathematics is right, the key is revoked; `hard` voids every signature whenever made.
    case keyRevoked(hard: Bool)
    /// The signature claims a time before the key existed.
    case keyNotYetValid
    /// The mathematics is right, the signature's own time of validity is over.
    case signatureExpired
    /// The key is not one that may sign data: no signing flag, no valid binding, or no back-signature.
    case notSigningKey(String)
    /// Hash or key are too weak for the policy.
    case weakAlgorithm(String)
    /// The algorithm or version cannot be checked here.
    case unsupported(String)
    /// The packet breaks a rule of the format, has an unknown critical part or claims a time in the future.
    case malformed(String)
}

/// One signature over data with what was found out about it.
public struct SignatureResult: Sendable {
    /// The signature; nil where the packet could not be parsed.
    public let signature: Signature?
    /// Who claims to have made it.
    public var issuers: [IssuerHint] { signature?.issuers ?? [] }
    /// The key that made it, or whose validity spoilt it; nil unless a certificate is known.
    public let signer: PublicKey?
    /// The certificate of `signer`.
    public let certificate: Certificate?
    public let outcome: SignatureOutcome

    public init(
        signature: Signature?, signer: PublicKey? = nil, certificate: Certificate? = nil, outcome: SignatureOutcome
    ) {
        self.signature = signature
        self.signer = signer
        self.certificate = certificate
        self.outcome = outcome
    }
}

/// Finds the certificates that may have issued a signature. Called once for each signature.
public typealias CertificateLookup = ([IssuerHint]) throws -> [Certificate]
