import Libcrypto

/// Makes signature packets of version 4 (RFC 9580 section 5.2.3).
public struct SignatureBuilder: Sendable {
    /// What the signature will say.
    public var type: SignatureType
    /// Hash that it will cover.
    public var hash: HashID
    /// Subpackets that will be covered, in their order.
    public var hashed: [Subpacket]
    /// Subpackets that will not be covered.
    public var unhashed: [Subpacket]

    /// Makes a builder with creation time, issuer fingerprint and issuer key ID.
    ///
    /// - Throws: `invalidArgument` for times outside of 1970...2106.
    public init(_ type: SignatureType, hash: HashID = .sha512, creation: Timestamp, issuer: PublicKey) throws {
        guard let field = creation.field else {
            throw OpenPGPError(.invalidArgument, "a signature's creation time must lie between 1970 and 2106")
        }
        self.type = type
        self.hash = hash
        hashed = [
            Subpacket(.creationTime, critical: true, Subpacket.octets(of: field)),
            Subpacket(.issuerFingerprint, [issuer.version] + issuer.fingerprint.bytes),
        ]
        unhashed = [Subpacket(.issuerKeyID, issuer.keyID.bytes)]
    }

    /// Signs.
    ///
    /// - Parameters:
    ///   - digest: a digest of `hash` that has taken in the content; it is used up.
    ///   - key: the key to sign with; its public half must be the issuer given before.
    public func sign(digest: Digest, with key: SigningKey) throws -> Signature {
        try sign(digest: digest, key: key.publicKey, handle: key.handle)
    }

    func sign(over object: SignedObject, key: PublicKey, handle: PrivateKeyHandle) throws -> Signature {
        guard let algorithm = hash.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(hash) is not supported")
        }
        let digest = try Digest(algorithm)
        object.hash(into: digest)
        return try sign(digest: digest, key: key, handle: handle)
    }

    func sign(digest: Digest, key: PublicKey, handle: PrivateKeyHandle) throws -> Signature {
        guard digest.algorithm == hash.algorithm else {
            throw OpenPGPError(.invalidArgument, "the digest is not one of \(hash)")
        }
        let hashedArea = SubpacketArea(hashed).serialized
        let unhashedArea = SubpacketArea(unhashed).serialized
        guard hashedArea.count <= 0xFFFF, unhashedArea.count <= 0xFFFF else {
            throw OpenPGPError(.limitExceeded, "the subpackets of a signature do not fit")
        }
        var body: [UInt8] = [4, type.rawValue, key.algorithm.rawValue, hash.rawValue]
        Self.write(hashedArea, into: &body)
        digest.update(body)
        digest.update([4, 0xFF] + Subpacket.octets(of: UInt32(truncatingIfNeeded: body.count)))
        let value = digest.finish()
        Self.write(unhashedArea, into: &body)
        body.append(contentsOf: value.prefix(2))
        try Self.parameters(value, hash: digest.algorithm, key: key, handle: handle).serialize(into: &body)
        return try Signature(parsingBody: body)
    }

    private static func write(_ area: [UInt8], into body: inout [UInt8]) {
        body.append(UInt8(truncatingIfNeeded: area.count >> 8))
        body.append(UInt8(truncatingIfNeeded: area.count))
        body.append(contentsOf: area)
    }

    private static func parameters(
        _ value: [UInt8], hash: HashAlgorithm, key: PublicKey, handle: PrivateKeyHandle
    ) throws -> SignatureParameters {
        switch key.parameters {
        case .rsa: return .rsa(MPI(try handle.signRSA(digest: value, hash: hash)))
        case .ecdsa:
            let (r, s) = try handle.signECDSA(digest: value)
            return .ecdsa(r: MPI(r), s: MPI(s))
        case .eddsaLegacy:
            let raw = try handle.signEd25519(message: value)
            return .eddsaLegacy(r: MPI(raw.prefix(32)), s: MPI(raw.suffix(32)))
        case .ed25519: return .ed25519(try handle.signEd25519(message: value))
        default: throw OpenPGPError(.unsupportedAlgorithm, "signing with \(key.algorithm) is not supported")
        }
    }
}
