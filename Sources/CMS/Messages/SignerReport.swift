import Libcrypto

/// What is known about one signer of a message. Nothing here says whether the certificate can be trusted.
public struct SignerReport: Sendable {
    public let identifier: CertificateIdentifier
    /// The certificate whose key was used; nil where none fits the identifier.
    public let certificate: X509Certificate?
    public let outcome: SignerOutcome
    /// nil where it is not known.
    public let hash: HashAlgorithm?
    /// nil where it is not known.
    public let scheme: SignatureScheme?
    /// What the signer claims, Unix seconds.
    public let signingTime: Int64?
    public let capabilities: SMIMECapabilities?
}

/// How the check of one signer came out.
public enum SignerOutcome: Hashable, Sendable {
    /// The signature is right: the content is what the holder of the key signed.
    case valid
    /// The content is not what was signed.
    case contentChanged
    /// The signature is wrong under the key of the certificate.
    case badSignature
    /// No certificate fits the identifier, neither in the message nor among those given.
    case certificateMissing
    /// The signature cannot mean what it should.
    case attributeProblem(AttributeProblem)
    /// The signature is right, but rests on what the policy refuses; the name of it.
    case weakAlgorithm(String)
    /// An algorithm that is not implemented; the sentence says which.
    case unsupported(String)

    public enum AttributeProblem: String, Hashable, Sendable {
        case messageDigestMissing = "message-digest-missing"
        case contentTypeMissing = "content-type-missing"
        case contentTypeMismatch = "content-type-mismatch"
        /// An attribute twice, or with several values.
        case duplicate
        /// No attributes although the content type asks for them (RFC 5652 section 5.3).
        case missing
        /// The content has the form of attributes and there are none: a signature over other content taken out of its place.
        case contentLooksLikeAttributes = "content-looks-like-attributes"
        /// The signed certificate hash is that of another certificate (RFC 5035).
        case otherCertificate = "other-certificate"
        /// Content inside and other content outside.
        case contentTwice = "content-twice"
        /// No content, neither inside nor outside.
        case contentMissing = "content-missing"
        /// The algorithms of digest and signature contradict each other.
        case algorithmMismatch = "algorithm-mismatch"
    }
}

/// What is known about the signatures of a message.
public struct SignedDataReport: Sendable {
    /// In the order of the message.
    public let signers: [SignerReport]
    public let findings: Set<CMSFinding>
}
