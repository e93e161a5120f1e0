import Libcrypto

/// Adds signatures of the primary key to a certificate. Works on a copy of the packets; whoever edits takes `parts` at
/// the end.
struct CertificateEditor {
    private(set) var parts: CertificateParts
    let time: Timestamp
    private let signatures: SelfSignatures
    private let handle: PrivateKeyHandle

    var primary: PublicKey { parts.primaryKey }

    /// - Throws: `secretUnavailable` where the primary key's secret part is locked or not here.
    init(_ key: SecretCertificate, at time: Timestamp) throws {
        guard let handle = try key.handle(of: key.certificate.primaryKey) else {
            throw OpenPGPError(
                .secretUnavailable, "the primary secret part of key \(key.fingerprint.hex) is locked or not here")
        }
        parts = key.certificate.content.parts
        signatures = key.certificate.content.selfSignatures
        self.handle = handle
        self.time = time
    }

    // MARK: What stands

    /// The newest self-signature on the primary key itself.
    var direct: Signature? { newest(signatures.direct.bindings) }

    /// The newest self-signature on a user ID; nil for revoked ones and those without.
    func binding(ofUserID index: Int) -> Signature? {
        guard signatures.userIDs.indices.contains(index) else { return nil }
        return standing(signatures.userIDs[index])
    }

    /// The newest binding of a subkey with its valid back-signatures; nil for revoked ones and those without.
    func binding(ofSubkey index: Int) -> (signature: Signature, backs: [Signature])? {
        guard signatures.subkeys.indices.contains(index) else { return nil }
        let part = signatures.subkeys[index]
        guard let found = standing(part), let place = part.bindings.firstIndex(of: found) else { return nil }
        return (found, part.backSignatures[place])
    }

    private func standing(_ part: SelfSignatures.Part) -> Signature? {
        guard let found = newest(part.bindings) else { return nil }
        let isRevoked = part.revocations.contains { revocation in
            revocation.revocationReason.isHard || (revocation.creation ?? time) >= (found.creation ?? time)
        }
        return isRevoked ? nil : found
    }

    /// To renew an old self-signature is the cure for its old hash: only those that prove nothing are left alone.
    private func newest(_ bindings: [Signature]) -> Signature? {
        bindings.first { signature in
            (signature.creation.map { $0 <= time } ?? false)
                && AlgorithmPolicy.archive.accepts(
                    hash: signature.hash, for: .selfSignature, created: signature.creation, at: time)
        }
    }

    // MARK: New signatures

    /// A self-signature that is to be signed now.
    ///
    /// - Parameter old: what it replaces. Of two signatures of one second implementations take either, so that the new
    ///   one is dated a second later than one made just now.
    func builder(_ type: SignatureType, replacing old: Signature? = nil) throws -> SignatureBuilder {
        let creation = old?.creation == time ? time.adding(seconds: 1) : time
        return try SignatureBuilder(type, creation: creation, issuer: primary)
    }

    /// A self-signature that says what an older one says, the end of the signature included.
    func renewal(of old: Signature) throws -> SignatureBuilder {
        var result = try builder(old.type, replacing: old)
        result.hashed += old.hashedArea.filter { !Self.ownOfEach.contains($0.type) }
        if let end = old.expirationTime {
            let left = max(1, end.seconds - time.seconds)
            result.hashed.append(
                Subpacket(.signatureExpirationTime, critical: true, Subpacket.octets(of: UInt32(clamping: left))))
        }
        return result
    }

    /// What belongs to one signature alone and is never copied to another.
    private static let ownOfEach: Set<SubpacketType> = [
        .creationTime, .issuerFingerprint, .issuerKeyID, .signatureExpirationTime, .embeddedSignature,
        .signatureTarget,
    ]

    func sign(_ builder: SignatureBuilder, over object: SignedObject) throws -> Signature {
        try builder.sign(over: object, key: primary, handle: handle)
    }

    // MARK: Changes

    mutating func addDirect(_ builder: SignatureBuilder) throws {
        parts.direct.add([try sign(builder, over: .key(primary))], primary: primary.fingerprint)
    }

    mutating func add(_ builder: SignatureBuilder, toUserID index: Int) throws {
        guard parts.userIDs.indices.contains(index) else { return }
        let userID = parts.userIDs[index].userID
        let signature = try sign(builder, over: .userID(userID.bytes, of: primary))
        parts.userIDs[index].signatures.add([signature], primary: primary.fingerprint)
    }

    mutating func add(_ builder: SignatureBuilder, toSubkey index: Int) throws {
        guard parts.subkeys.indices.contains(index) else { return }
        let subkey = parts.subkeys[index].key
        let signature = try sign(builder, over: .subkey(subkey, of: primary))
        parts.subkeys[index].signatures.add([signature], primary: primary.fingerprint)
    }

    mutating func append(userID: UserID) -> Int {
        parts.userIDs.append(UserIDComponent(userID: userID))
        return parts.userIDs.count - 1
    }

    mutating func append(subkey: PublicKey) -> Int {
        parts.subkeys.append(SubkeyComponent(key: subkey))
        return parts.subkeys.count - 1
    }
}

extension [Subpacket] {
    /// Puts one subpacket in the place of all of its type.
    mutating func set(_ subpacket: Subpacket) {
        remove(subpacket.type)
        append(subpacket)
    }

    mutating func remove(_ type: SubpacketType) { removeAll { $0.type == type } }
}

extension SecretCertificate {
    /// The key with what `change` adds to its public half.
    func edited(at time: Timestamp, _ change: (inout CertificateEditor) throws -> Void) throws -> SecretCertificate {
        var editor = try CertificateEditor(self, at: time)
        try change(&editor)
        return SecretCertificate(certificate: Certificate(editor.parts), secrets: secrets)
    }
}
