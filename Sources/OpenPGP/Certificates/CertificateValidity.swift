/// Whether a key counts at a time.
public enum CertificateValidity: Sendable, Equatable {
    /// The key counts.
    case valid
    /// The key had ended at this moment.
    case expired(at: Timestamp)
    /// The key is revoked: hard for all times, soft since a moment before the time asked for.
    case revoked(hard: Bool)
    /// The key, or what binds it, was made after the time asked for.
    case notYetValid
    /// The key does not count for another reason, in words: no valid self-signature, an algorithm the policy refuses.
    case unusable(String)

    /// Whether the key counts.
    public var isValid: Bool { self == .valid }
}

/// What a certificate says about one of its keys at a time.
public struct KeyStatus: Sendable, Equatable {
    /// The key.
    public let key: PublicKey
    /// Whether it is the primary key.
    public let isPrimary: Bool
    /// Whether the key counts, with everything above it.
    public let validity: CertificateValidity
    /// What the key may do; empty where it is not bound. A subkey without a valid back-signature never has `sign`.
    public let flags: KeyFlags
    /// When the key ends; nil for never or unknown.
    public let expiration: Timestamp?
}

/// What a key's owner asks of those who write to them (RFC 9580 section 5.2.3). Empty lists say nothing.
public struct CertificatePreferences: Sendable, Equatable {
    public var symmetric: [SymmetricID] = []
    public var hash: [HashID] = []
    public var compression: [CompressionID] = []
    /// Ciphers with AEAD modes; the mandatory one is understood.
    public var cipherSuites: [CipherSuite] = []
    /// nil where the owner says nothing.
    public var features: Features?

    public init() {}
}
