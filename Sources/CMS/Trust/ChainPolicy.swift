/// What a certificate is to be used for.
public enum ChainPurpose: Sendable {
    /// Its key made a signature over mail.
    case signing
    /// Mail is to be encrypted to it.
    case encryption
}

/// How strict validation is. The default is meant for mail of today.
public struct ChainPolicy: Sendable {
    /// What happens where no usable revocation list is at hand. A certificate that is known to be revoked fails always.
    public enum Revocation: Sendable {
        /// Lists are not looked at.
        case off
        /// A missing or outdated list is noted.
        case soft
        /// A missing or outdated list for any certificate of the chain is a failure.
        case hard
    }

    public var revocation: Revocation
    /// Smaller RSA keys fail. Bits.
    public var minimumRSABits: Int
    /// Whether signatures over SHA-1 are taken, and MD5 and older never: for archives and tests only.
    public var allowsSHA1: Bool
    /// Whether DSA keys of 1024 bits or more are taken: for archives and tests only.
    public var allowsDSA: Bool

    public init(
        revocation: Revocation = .soft, minimumRSABits: Int = 2048, allowsSHA1: Bool = false, allowsDSA: Bool = false
    ) {
        self.revocation = revocation
        self.minimumRSABits = minimumRSABits
        self.allowsSHA1 = allowsSHA1
        self.allowsDSA = allowsDSA
    }
}
