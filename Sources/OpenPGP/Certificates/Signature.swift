import Libcrypto

/// A signature packet of version 6, 4 or, for reading only, 3 (RFC 9580 section 5.2).
///
/// What it says about itself counts only once `verify` said yes; of the unhashed subpackets only the issuer hints and
/// embedded signatures are ever used.
public struct Signature: Hashable, Sendable {
    /// Version of the packet: 3, 4 or 6.
    public let version: UInt8
    /// What the signature says.
    public let type: SignatureType
    /// Algorithm of the key that made it.
    public let publicKeyAlgorithm: PublicKeyAlgorithm
    /// Hash that it covers.
    public let hash: HashID
    /// Subpackets under the signature.
    public let hashedArea: SubpacketArea
    /// Subpackets that anybody can change.
    public let unhashedArea: SubpacketArea
    /// What is hashed before the content; empty before version 6.
    public let salt: [UInt8]
    /// First two octets of the digest, as the packet says.
    public let digestPrefix: [UInt8]
    /// The numbers.
    public let parameters: SignatureParameters
    /// The packet's body.
    public let serializedBody: [UInt8]

    /// When the signature says it was made; nil where it does not, which makes it unusable.
    public let creation: Timestamp?
    /// Seconds after `creation` when the signature ends; nil for never.
    public let expiration: UInt32?
    /// Who made it, best hint first; from both areas.
    public let issuers: [IssuerHint]
    private let trailerEnd: Int

    /// Reads a signature packet's body.
    ///
    /// - Throws: `unsupportedVersion` for versions other than 3, 4 and 6, `malformed`, `truncated`.
    public init(parsingBody body: some Collection<UInt8>) throws {
        let bytes = Array(body)
        var reader = ByteReader(bytes, subject: "signature packet")
        let version = try reader.byte()
        self.version = version
        switch version {
        case 3:
            guard try reader.byte() == 5 else { throw reader.malformed("of version 3 has a wrong hashed length") }
            type = SignatureType(rawValue: try reader.byte())
            creation = Timestamp(field: try reader.uint32())
            trailerEnd = reader.consumed
            issuers = [.keyID(KeyID(try reader.take(8).reduce(0) { $0 << 8 | UInt64($1) }))]
            publicKeyAlgorithm = PublicKeyAlgorithm(rawValue: try reader.byte())
            hash = HashID(rawValue: try reader.byte())
            hashedArea = SubpacketArea()
            unhashedArea = SubpacketArea()
            expiration = nil
        case 4, 6:
            type = SignatureType(rawValue: try reader.byte())
            publicKeyAlgorithm = PublicKeyAlgorithm(rawValue: try reader.byte())
            hash = HashID(rawValue: try reader.byte())
            let hashed = try Self.area(&reader, version)
            trailerEnd = reader.consumed
            let unhashed = try Self.area(&reader, version)
            creation = hashed.last(.creationTime)?.uint32.map(Timestamp.init(field:))
            expiration = hashed.last(.signatureExpirationTime)?.uint32.flatMap { $0 == 0 ? nil : $0 }
            issuers = Self.issuers(hashed, unhashed)
            hashedArea = hashed
            unhashedArea = unhashed
        default:
            throw OpenPGPError(.unsupportedVersion, "signatures of version \(version) are not supported")
        }
        digestPrefix = Array(try reader.take(2))
        salt = version == 6 ? Array(try reader.take(Int(try reader.byte()))) : []
        if version == 6, let size = hash.saltSize, salt.count != size {
            throw reader.malformed("has a salt of \(salt.count) octets for \(hash)")
        }
        parameters = try SignatureParameters.read(publicKeyAlgorithm, from: &reader)
        guard reader.isAtEnd else { throw reader.malformed("has \(reader.remaining) octets too many") }
        serializedBody = bytes
    }

    private static func area(_ reader: inout ByteReader, _ version: UInt8) throws -> SubpacketArea {
        let count = version == 6 ? Int(try reader.uint32()) : Int(try reader.uint16())
        return try SubpacketArea(parsing: try reader.take(count))
    }

    /// The hash and what is hashed before the content.
    public var saltedHash: SaltedHash { SaltedHash(hash, salt: salt) }

    private static func issuers(_ hashed: SubpacketArea, _ unhashed: SubpacketArea) -> [IssuerHint] {
        var fingerprints: [IssuerHint] = []
        var keyIDs: [IssuerHint] = []
        for subpacket in Array(hashed) + Array(unhashed) {
            switch subpacket.type {
            case .issuerFingerprint:
                guard fingerprints.count < 8, let version = subpacket.body.first,
                    let value = Fingerprint(version: version, bytes: Array(subpacket.body.dropFirst()))
                else { continue }
                let hint = IssuerHint.fingerprint(value)
                if !fingerprints.contains(hint) { fingerprints.append(hint) }
            case .issuerKeyID:
                guard keyIDs.count < 8, subpacket.body.count == 8 else { continue }
                let hint = IssuerHint.keyID(KeyID(subpacket.body.reduce(0) { $0 << 8 | UInt64($1) }))
                if !keyIDs.contains(hint) { keyIDs.append(hint) }
            default: continue
            }
        }
        return fingerprints + keyIDs
    }

    /// Whether the signature may have been made by a key: some hint names it, or there is no hint at all.
    public func mayBeIssued(by fingerprint: Fingerprint) -> Bool {
        issuers.isEmpty || issuers.contains { $0.matches(fingerprint) }
    }

    /// What is hashed after the content (RFC 9580 section 5.2.4).
    public var trailer: [UInt8] {
        if version == 3 { return Array(serializedBody[2..<trailerEnd]) }
        return serializedBody[..<trailerEnd] + [version, 0xFF]
            + Subpacket.octets(of: UInt32(truncatingIfNeeded: trailerEnd))
    }

    public static func == (a: Self, b: Self) -> Bool { a.serializedBody == b.serializedBody }
    public func hash(into hasher: inout Hasher) { hasher.combine(serializedBody) }
}
