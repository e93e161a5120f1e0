/// A signature on a part of a certificate, and whether it is right.
public struct CertificateSignature: Sendable {
    public enum Check: Sendable, Equatable {
        case right
        case wrong
        /// Nobody knows the key that is said to have made it.
        case keyMissing
    }

    public let signature: Signature
    /// The user ID it is about; nil for signatures on keys.
    public let userID: UserID?
    /// The key it is about.
    public let key: PublicKey
    /// Whose key made it, where known.
    public let issuer: Certificate?
    public let check: Check
}

extension Certificate {
    /// All signatures on the certificate, checked by mathematics alone: not whether they count. A list to look at.
    ///
    /// - Parameters:
    ///   - includesSubkeys: whether those on subkeys are listed too.
    ///   - limit: signatures at most; each costs a verification.
    ///   - find: looks for the certificate of another issuer.
    public func listSignatures(
        includesSubkeys: Bool, limit: Int = 500, find: ([IssuerHint]) throws -> [Certificate]
    ) rethrows -> [CertificateSignature] {
        var found: [CertificateSignature] = []
        func add(
            _ signatures: ComponentSignatures, over object: SignedObject, userID: UserID?, key: PublicKey
        ) throws {
            for signature in signatures.signatures where found.count < limit {
                let isOwn = signature.mayBeIssued(by: fingerprint)
                let candidates = isOwn ? [self] : try find(signature.issuers)
                let value = signature.digestValue(over: object)
                let maker = candidates.first { candidate in
                    guard let value else { return false }
                    return candidate.allKeys.contains { (try? signature.verify(digestValue: value, with: $0)) ?? false }
                }
                found.append(
                    CertificateSignature(
                        signature: signature, userID: userID, key: key, issuer: maker ?? candidates.first,
                        check: maker != nil ? .right : candidates.isEmpty ? .keyMissing : .wrong))
            }
        }
        try add(directSignatures, over: .key(primaryKey), userID: nil, key: primaryKey)
        for component in userIDs {
            try add(
                component.signatures, over: .userID(component.userID.bytes, of: primaryKey), userID: component.userID,
                key: primaryKey)
        }
        guard includesSubkeys else { return found }
        for component in subkeys {
            try add(
                component.signatures, over: .subkey(component.key, of: primaryKey), userID: nil, key: component.key)
        }
        return found
    }
}
