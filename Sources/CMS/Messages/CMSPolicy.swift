import Libcrypto

/// What a reader accepts and how much of it. What is written does not depend on it.
public struct CMSPolicy: Sendable {
    /// Whether content in 3DES and RC2 is decrypted.
    public var allowsLegacyCiphers = false
    /// Hashes that a signature may rest on.
    public var hashes: Set<HashAlgorithm> = [.sha224, .sha256, .sha384, .sha512, .sha3_256, .sha3_512]
    /// The shortest RSA or DSA key whose signature counts, in bits.
    public var minimumKeyBits = 2048
    /// The longest message, in octets.
    public var maximumSize = 64 << 20
    /// The most that compressed content may grow to, in octets.
    public var maximumExpandedSize = 64 << 20
    public var maximumSigners = 32
    public var maximumRecipients = 2000
    /// Certificates and revocation lists in one message.
    public var maximumCertificates = 128

    public init() {}

    /// What RFC 8551 still calls secure.
    public static let standard = CMSPolicy()

    /// For the archive: also 3DES, RC2, MD5, SHA-1 and keys from 512 bits.
    public static let legacy = {
        var policy = CMSPolicy()
        policy.allowsLegacyCiphers = true
        policy.hashes = Set(HashAlgorithm.allCases)
        policy.minimumKeyBits = 512
        return policy
    }()
}
