import Libcrypto

/// A key to encrypt to.
public struct EncryptionRecipient: Sendable {
    public let key: PublicKey
    /// Whether the key ID is left out (RFC 9580 section 5.1.8), so that the message does not name its reader.
    public let isHidden: Bool

    public init(key: PublicKey, isHidden: Bool = false) {
        self.key = key
        self.isHidden = isHidden
    }
}

/// What a message is written like.
public struct EncryptionOptions: Sendable {
    /// The session cipher; AES-256 unless a recipient's preferences say otherwise.
    public var cipher: SymmetricID = .aes256
    /// Whether the message is armored.
    public var armor = true
    public var lineEnding: Base64.LineEnding = .lf
    public var armorHeaders: [ArmorHeader] = []
    /// Passwords that open the message too (SKESK version 4).
    public var passwords: [SecretBytes] = []
    /// Whether signatures are of type text; the content itself is never changed.
    public var signatureMode: SignatureMode = .binary

    public init() {}
}
