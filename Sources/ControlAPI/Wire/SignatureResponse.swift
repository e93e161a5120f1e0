import Guard

/// A signature on a key.
struct SignatureResponse: Encodable, Sendable {
    let signatureType: Int
    let description: String
    let userId: String?
    let keyId: String
    let fingerPrint: String
    let issuer: String?
    let issuerKeyId: String?
    let issuerFingerPrint: String?
    let verified: Bool
    let keyMissing: Bool
    let hashAlgorithm: Int
    /// Milliseconds since 1970.
    let creationTime: Int64?
    let version: Int

    init(_ signature: SignatureDescription) {
        signatureType = signature.type
        description = signature.summary
        userId = signature.userID
        keyId = String(Int64(bitPattern: signature.keyID))
        fingerPrint = signature.fingerprint
        issuer = signature.issuer
        issuerKeyId = signature.issuerKeyID.map { String(Int64(bitPattern: $0)) }
        issuerFingerPrint = signature.issuerFingerprint
        verified = signature.isVerified
        keyMissing = signature.isKeyMissing
        hashAlgorithm = signature.hash
        creationTime = signature.creation.map(milliseconds)
        version = signature.version
    }
}

struct SignaturesResponse: Encodable, Sendable {
    let signatures: [SignatureResponse]
}

/// What an Autocrypt header brought.
struct AutocryptResult: Encodable, Sendable {
    let added: Bool
    let keys: [PublicKeyInfo]
    let new: Bool

    init(_ result: Guard.AutocryptImport, _ call: Call) throws {
        added = result.isAdded
        keys = try call.guard.describe(result.certificate).keys.map(PublicKeyInfo.init)
        new = result.isNew
    }
}

struct KeyPresence: Encodable, Sendable {
    let hasPrivateKey: Bool
    let hasPublicKey: Bool
}
