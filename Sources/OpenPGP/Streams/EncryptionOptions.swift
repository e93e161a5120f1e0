import Libcrypto

/// A key to encrypt to.
public struct EncryptionRecipient: Sendable {
    public let key: PublicKey
    /// Whether the key ID is left out (RFC 9580 section 5.1.8), so that the message does not name its reader.
    public let isHidden: Bool

    /// What the key's owner can read, as their certificate says.
    public let preferences: CertificatePreferences

    public init(key: PublicKey, isHidden: Bool = false, preferences: CertificatePreferences = .init()) {
        self.key = key
        self.isHidden = isHidden
        self.preferences = preferences
    }

    /// The best key of a certificate that may be encrypted to, with what the certificate says of its owner's software; nil
    /// where there is none.
    public init?(
        of certificate: Certificate, isHidden: Bool = false, at time: Timestamp, policy: AlgorithmPolicy = .standard
    ) {
        guard let key = certificate.encryptionKeys(at: time, policy: policy).first else { return nil }
        self.init(key: key, isHidden: isHidden, preferences: certificate.preferences(at: time, policy: policy))
    }
}

/// What a message is written like.
public struct EncryptionOptions: Sendable {
    /// Which encrypted packet is written.
    public enum Container: Sendable {
        /// Version 2 exactly where every recipient announces it, else version 1; for passwords alone version 1.
        case automatic
        /// Version 1: CFB with a modification detection code.
        case seipdV1
        /// Version 2: AEAD.
        case seipdV2
    }

    public var container: Container = .automatic
    /// The session cipher; nil for the best that every recipient can read.
    public var cipher: SymmetricID?
    /// Whether the message is armored.
    public var armor = true
    public var lineEnding: Base64.LineEnding = .lf
    public var armorHeaders: [ArmorHeader] = []
    /// Passwords that open the message too.
    public var passwords: [SecretBytes] = []
    /// Whether signatures are of type text; the content itself is never changed.
    public var signatureMode: SignatureMode = .binary

    public init() {}
}
