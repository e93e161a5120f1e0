import Libcrypto

/// Makes signature packets (RFC 9580 section 5.2.3), of version 6 by keys of version 6, else of version 4.
public struct SignatureBuilder: Sendable {
    /// What the signature will say.
    public var type: SignatureType
    /// Hash that it will cover.
    public var hash: HashID
    /// Subpackets that will be covered, in their order.
    public var hashed: [Subpacket]
    /// Subpackets that will not be covered.
    public var unhashed: [Subpacket]

    /// What is hashed before the content; empty for version 4.
    public let salt: [UInt8]
    private let version: UInt8

    /// Makes a builder with creation time, issuer fingerprint and issuer key ID.
    ///
    /// - Parameter salt: of the size that the hash asks for; nil for a fresh one. Only for keys of version 6.
    /// - Throws: `invalidArgument` for times outside of 1970...2106.
    public init(
        _ type: SignatureType, hash: HashID = .sha512, creation: Timestamp, issuer: PublicKey, salt: [UInt8]? = nil
    ) throws {
        guard let field = creation.field else {
            throw OpenPGPError(.invalidArgument, "a signature's creation time must lie between 1970 and 2106")
        }
        self.type = type
        self.hash = hash
        hashed = [
            Subpacket(.creationTime, critical: true, Subpacket.octets(of: field)),
            Subpacket(.issuerFingerprint, [issuer.version] + issuer.fingerprint.bytes),
        ]
        version = issuer.version == 6 ? 6 : 4
        // The fingerprint says it all; the key ID is for readers of before RFC 9580.
        unhashed = version == 6 ? [] : [Subpacket(.issuerKeyID, issuer.keyID.bytes)]
        self.salt = version == 6 ? try salt ?? Self.freshSalt(for: hash) : []
    }

    /// Salt for a signature of version 6.
    static func freshSalt(for hash: HashID) throws -> [UInt8] {
        guard let size = hash.saltSize else {
            throw OpenPGPError(.unsupportedAlgorithm, "signatures of version 6 do not use \(hash)")
        }
        return try SecureRandom.bytes(size)
    }

    /// Signs.
    ///
    /// - Parameters:
    ///   - digest: a digest of `hash` that has taken in salt and content; it is used up.
    ///   - key: the key to sign with; its public half must be the issuer given before.
    public func sign(digest: Digest, with key: SigningKey) throws -> Signature {
        try sign(digest: digest, key: key.publicKey, handle: key.handle)
    }

    func sign(over object: SignedObject, key: PublicKey, handle: PrivateKeyHandle) throws -> Signature {
        guard let algorithm = hash.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(hash) is not supported")
        }
        let digest = try Digest(algorithm)
        digest.update(salt)
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
        guard (key.version == 6) == (version == 6) else {
            throw OpenPGPError(.invalidArgument, "the key is not the issuer that the signature was begun for")
        }
        var body: [UInt8] = [version, type.rawValue, key.algorithm.rawValue, hash.rawValue]
        write(hashedArea, into: &body)
        digest.update(body)
        digest.update([version, 0xFF] + Subpacket.octets(of: UInt32(truncatingIfNeeded: body.count)))
        let value = digest.finish()
        write(unhashedArea, into: &body)
        body.append(contentsOf: value.prefix(2))
        if version == 6 { body += [UInt8(truncatingIfNeeded: salt.count)] + salt }
        try Self.parameters(value, hash: digest.algorithm, key: key, handle: handle).serialize(into: &body)
        return try Signature(parsingBody: body)
    }

    private func write(_ area: [UInt8], into body: inout [UInt8]) {
        let count = Subpacket.octets(of: UInt32(truncatingIfNeeded: area.count))
        body += version == 6 ? count : count.suffix(2)
        body += area
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
        case .ed448: return .ed448(try handle.signEd448(message: value))
        default: throw OpenPGPError(.unsupportedAlgorithm, "signing with \(key.algorithm) is not supported")
        }
    }
}
