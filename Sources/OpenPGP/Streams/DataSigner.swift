import Libcrypto

/// One data signature in the making (RFC 9580 section 5.2.3).
struct DataSigner {
    let key: SigningKey
    let mode: SignatureMode
    /// How the content has to be hashed for it.
    let hashing: SaltedHash
    private let time: Timestamp

    /// Without `hash` one is taken that suits the key.
    init(key: SigningKey, mode: SignatureMode, hash: HashID? = nil, time: Timestamp) throws {
        self.key = key
        self.mode = mode
        let hash = hash ?? key.suitableHash
        hashing = SaltedHash(hash, salt: key.publicKey.version == 6 ? try SignatureBuilder.freshSalt(for: hash) : [])
        self.time = time
    }

    /// The one-pass signature packet that announces it (section 5.4); `isLast` in the row of announcements.
    func onePassPacket(isLast: Bool) -> [UInt8] {
        let key = key.publicKey
        let announced = [mode.type.rawValue, hashing.hash.rawValue, key.algorithm.rawValue]
        let body =
            key.version == 6
            ? [6] + announced + [UInt8(truncatingIfNeeded: hashing.salt.count)] + hashing.salt + key.fingerprint.bytes
            : [3] + announced + key.keyID.bytes
        var output: [UInt8] = []
        PacketWriter.write(.onePassSignature, body: body + [isLast ? 1 : 0], into: &output)
        return output
    }

    /// The signature packet over what `content` has seen. Throws if the key cannot sign.
    func packet(over content: ContentDigest) throws -> [UInt8] {
        guard let digest = try content.digest(hashing) else {
            throw OpenPGPError(.invalidArgument, "the content was not hashed with \(hashing.hash)")
        }
        let builder = try SignatureBuilder(
            mode.type, hash: hashing.hash, creation: time, issuer: key.publicKey, salt: hashing.salt)
        var output: [UInt8] = []
        PacketWriter.write(
            .signature, body: try builder.sign(digest: digest, with: key).serializedBody, into: &output)
        return output
    }
}
