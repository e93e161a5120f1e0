/// How a content is hashed for a signature: by an algorithm, and since version 6 behind a salt (RFC 9580 section 5.2.4).
public struct SaltedHash: Hashable, Sendable {
    public let hash: HashID
    /// Hashed before the content; empty for signatures before version 6.
    public let salt: [UInt8]

    public init(_ hash: HashID, salt: [UInt8] = []) {
        self.hash = hash
        self.salt = salt
    }
}
