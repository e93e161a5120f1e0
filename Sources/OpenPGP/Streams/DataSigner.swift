import Libcrypto

/// One data signature in the making (RFC 9580 section 5.2.3).
struct DataSigner {
    let key: SigningKey
    let mode: SignatureMode
    let hash: HashID
    private let time: Timestamp

    /// Without `hash` one is taken that suits the key.
    init(key: SigningKey, mode: SignatureMode, hash: HashID? = nil, time: Timestamp) {
        self.key = key
        self.mode = mode
        self.hash = hash ?? key.suitableHash
        self.time = time
    }

    /// The one-pass signature packet that announces it (section 5.4); `isLast` in the row of announcements.
    func onePassPacket(isLast: Bool) -> [UInt8] {
        var output: [UInt8] = []
        let body =
            [3, mode.type.rawValue, hash.rawValue, key.publicKey.algorithm.rawValue] + key.publicKey.keyID.bytes
            + [isLast ? 1 : 0]
        PacketWriter.write(.onePassSignature, body: body, into: &output)
        return output
    }

    /// The signature packet over what `content` has seen. Throws if the key cannot sign.
    func packet(over content: ContentDigest) throws -> [UInt8] {
        guard let digest = try content.digest(hash) else {
            throw OpenPGPError(.invalidArgument, "the content was not hashed with \(hash)")
        }
        let builder = try SignatureBuilder(mode.type, hash: hash, creation: time, issuer: key.publicKey)
        var output: [UInt8] = []
        PacketWriter.write(
            .signature, body: try builder.sign(digest: digest, with: key).serializedBody, into: &output)
        return output
    }
}
