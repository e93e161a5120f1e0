extension Signature {
    /// When the signature ends; nil for never.
    public var expirationTime: Timestamp? {
        guard let creation, let expiration else { return nil }
        return creation.adding(seconds: Int64(expiration))
    }

    /// Whether the signature was made at or before a time and has not ended then.
    public func isAlive(at time: Timestamp) -> Bool {
        guard let creation, creation <= time else { return false }
        guard let end = expirationTime else { return true }
        return time < end
    }

    /// Seconds from the key's creation to its expiry; nil for no statement, 0 for never.
    public var keyExpiration: UInt32? { hashedArea.last(.keyExpirationTime)?.uint32 }

    /// What the key may do; nil where the signature does not say.
    public var keyFlags: KeyFlags? { hashedArea.last(.keyFlags).map { KeyFlags(rawValue: $0.body.first ?? 0) } }

    /// What the key's owner can read; nil where the signature does not say.
    public var features: Features? { hashedArea.last(.features).map { Features(rawValue: $0.body.first ?? 0) } }

    /// Whether the user ID is marked as the main one.
    public var isPrimaryUserID: Bool { hashedArea.last(.primaryUserID)?.body.first.map { $0 != 0 } ?? false }

    /// Ciphers the owner prefers, best first.
    public var preferredSymmetric: [SymmetricID] { list(.preferredSymmetric).map(SymmetricID.init(rawValue:)) }
    /// Hashes the owner prefers, best first.
    public var preferredHash: [HashID] { list(.preferredHash).map(HashID.init(rawValue:)) }
    /// Compressions the owner prefers, best first.
    public var preferredCompression: [CompressionID] { list(.preferredCompression).map(CompressionID.init(rawValue:)) }

    /// Ciphers with AEAD modes the owner prefers, best first.
    public var preferredCipherSuites: [CipherSuite] {
        let octets = list(.preferredCipherSuites)
        return stride(from: 0, to: octets.count - 1, by: 2).map { index in
            CipherSuite(SymmetricID(rawValue: octets[index]), AEADID(rawValue: octets[index + 1]))
        }
    }

    /// The user ID that the signer claims to have signed as.
    public var signerUserID: [UInt8]? { hashedArea.last(.signerUserID).map { Array($0.body) } }

    /// Fingerprints of those the signed message was meant for.
    public var intendedRecipients: [Fingerprint] {
        hashedArea.filter { $0.type == .intendedRecipient }.compactMap { subpacket in
            subpacket.body.first.flatMap { Fingerprint(version: $0, bytes: Array(subpacket.body.dropFirst())) }
        }
    }

    /// Reason of a revocation; `unspecified` where there is none.
    public var revocationReason: RevocationReason {
        RevocationReason(rawValue: hashedArea.last(.reasonForRevocation)?.body.first ?? 0)
    }

    /// The text beside the reason of a revocation.
    public var revocationText: String {
        String(decoding: hashedArea.last(.reasonForRevocation)?.body.dropFirst() ?? [], as: UTF8.self)
    }

    /// Whether the certification may leave the key ring.
    public var isExportable: Bool { hashedArea.last(.exportableCertification)?.body.first != 0 }

    /// Keys that may revoke in the name of the signer (RFC 9580 section 5.2.3.23), all of version 4.
    public var designatedRevokers: [Fingerprint] {
        hashedArea.lazy.filter { $0.type == .revocationKey && ($0.body.first ?? 0) & 0x80 != 0 }.prefix(16).compactMap {
            subpacket in
            Fingerprint(version: 4, bytes: Array(subpacket.body.dropFirst(2)))
        }
    }

    /// Signatures inside the signature, from both areas; at most 8. They are judged on their own, so that it does not
    /// matter that anybody can add some.
    public var embeddedSignatures: [Signature] {
        (Array(hashedArea) + Array(unhashedArea)).lazy.filter { $0.type == .embeddedSignature }.prefix(8)
            .compactMap { try? Signature(parsingBody: $0.body) }
    }

    /// Why the signature must not be used whatever its mathematics say; nil where nothing speaks against it: a critical
    /// subpacket or notation that this library does not know, or no creation time.
    public var structuralDefect: String? { structuralDefect(knowing: []) }

    /// The same for somebody who understands the notations with these names.
    public func structuralDefect(knowing notations: Set<String>) -> String? {
        guard creation != nil else { return "the signature has no creation time" }
        for subpacket in hashedArea where subpacket.isCritical && !subpacket.type.isUnderstood {
            if let notation = Notation(subpacket), notations.contains(notation.name) { continue }
            return subpacket.type == .notationData
                ? "the signature has an unknown critical notation"
                : "the signature has an unknown critical subpacket \(subpacket.type.rawValue)"
        }
        return nil
    }

    private func list(_ type: SubpacketType) -> [UInt8] {
        hashedArea.last(type).map { Array($0.body.prefix(64)) } ?? []
    }
}
