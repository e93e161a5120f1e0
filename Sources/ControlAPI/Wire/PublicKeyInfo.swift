import Guard

/// One key of a ring.
struct PublicKeyInfo: Encodable, Sendable {
    /// Signed, so that half of all IDs are negative.
    let id: Int64
    let expired: Bool
    let hasPrivateKey: Bool
    let fingerPrint: String
    let userIds: [String]
    let encryptionKey: Bool
    let masterKey: Bool
    let validSeconds: Int64
    let revoked: Bool
    /// Milliseconds since 1970.
    let creationTime: Int64

    init(_ key: KeyDescription) {
        id = Int64(bitPattern: key.keyID)
        expired = key.isExpired
        hasPrivateKey = key.hasPrivate
        fingerPrint = key.fingerprint
        userIds = key.userIDs
        encryptionKey = key.canEncrypt
        masterKey = key.isPrimary
        validSeconds = key.validSeconds
        revoked = key.isRevoked
        creationTime = milliseconds(key.creation)
    }
}

/// One private key, without anything private.
struct PrivateKeyInfo: Encodable, Sendable {
    let id: Int64
    let masterKey: Bool
    let expired: Bool
    let userIds: [String]

    init(_ key: KeyDescription) {
        id = Int64(bitPattern: key.keyID)
        masterKey = key.isPrimary
        expired = key.isExpired
        userIds = key.userIDs
    }
}

/// Unix seconds as the API writes times.
func milliseconds(_ seconds: Int64) -> Int64 {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    return overflow ? 0 : product
}
