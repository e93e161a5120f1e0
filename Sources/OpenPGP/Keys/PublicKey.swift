import Libcrypto

/// The content of a public key packet, primary key or subkey (RFC 9580 section 5.5.2): version 4 or 6.
///
/// Copies share one cached libcrypto key, so that the key is set up once however often it is used.
public struct PublicKey: Hashable, Sendable {
    private final class Content: Sendable {
        let version: UInt8
        let creation: Timestamp
        let algorithm: PublicKeyAlgorithm
        let parameters: PublicKeyParameters
        let fingerprint: Fingerprint
        let body: [UInt8]
        let handle = Lock<Result<PublicKeyHandle, OpenPGPError>?>(nil)

        init(
            version: UInt8, creation: Timestamp, algorithm: PublicKeyAlgorithm, parameters: PublicKeyParameters,
            body: [UInt8]
        ) throws {
            self.version = version
            self.creation = creation
            self.algorithm = algorithm
            self.parameters = parameters
            self.body = body
            guard body.count <= 0xFFFF else {
                throw OpenPGPError(.limitExceeded, "a key must not be longer than 65535 octets")
            }
            let digest = try Digest.hash(
                version == 4 ? .sha1 : .sha256, PublicKey.hashPrefix(version: version, count: body.count) + body)
            guard let fingerprint = Fingerprint(version: version, bytes: digest) else {
                throw OpenPGPError(.malformed, "a fingerprint has the wrong length")
            }
            self.fingerprint = fingerprint
        }
    }

    private let content: Content

    /// Version of the key packet.
    public var version: UInt8 { content.version }
    /// When the key says it was made.
    public var creation: Timestamp { content.creation }
    /// What the key is for.
    public var algorithm: PublicKeyAlgorithm { content.algorithm }
    /// The numbers.
    public var parameters: PublicKeyParameters { content.parameters }
    /// SHA-1 over the packet for version 4, SHA-256 for version 6 (section 5.5.4).
    public var fingerprint: Fingerprint { content.fingerprint }
    /// Last eight octets of the fingerprint for version 4, the first eight for version 6.
    public var keyID: KeyID { content.fingerprint.keyID }
    /// The packet's body: version, creation, algorithm, numbers.
    public var serializedBody: [UInt8] { content.body }

    /// Reads a public key packet's body.
    public init(parsingBody body: some Collection<UInt8>) throws {
        var reader = ByteReader(Array(body), subject: "public key packet")
        self = try Self.read(from: &reader)
        guard reader.isAtEnd else { throw reader.malformed("has \(reader.remaining) octets too many") }
    }

    /// Reads the public part at the start of a key packet's body, public or secret.
    static func read(from reader: inout ByteReader) throws -> PublicKey {
        let start = reader.position
        let version = try reader.byte()
        guard version == 4 || version == 6 else {
            throw OpenPGPError(.unsupportedVersion, "keys of version \(version) are not supported")
        }
        let creation = Timestamp(field: try reader.uint32())
        let algorithm = PublicKeyAlgorithm(rawValue: try reader.byte())
        let parameters: PublicKeyParameters
        if version == 6 {
            var material = ByteReader(try reader.take(Int(try reader.uint32())), subject: "public key material")
            parameters = try PublicKeyParameters.read(algorithm, from: &material)
            guard material.isAtEnd else { throw material.malformed("has \(material.remaining) octets too many") }
        } else {
            parameters = try PublicKeyParameters.read(algorithm, from: &reader)
        }
        try checkCurve(parameters, version: version)
        let body = Array(reader.bytes[start..<reader.position])
        return PublicKey(
            content: try Content(
                version: version, creation: creation, algorithm: algorithm, parameters: parameters, body: body))
    }

    private init(content: Content) { self.content = content }

    /// The curves of version 4 that have algorithms of their own since may not be used with later versions
    /// (sections 5.5.5.5 and 5.5.5.6).
    private static func checkCurve(_ parameters: PublicKeyParameters, version: UInt8) throws {
        switch parameters {
        case .eddsaLegacy where version == 6, .ecdh(.curve25519Legacy, _, _) where version == 6:
            throw OpenPGPError(.unsupportedAlgorithm, "a version 6 key must not use a legacy curve")
        default: return
        }
    }

    /// Makes a key of its parts.
    ///
    /// - Parameter version: 4 or 6.
    public init(
        version: UInt8 = 4, creation: Timestamp, algorithm: PublicKeyAlgorithm, parameters: PublicKeyParameters
    ) throws {
        guard version == 4 || version == 6 else {
            throw OpenPGPError(.invalidArgument, "keys of version \(version) are not made")
        }
        try Self.checkCurve(parameters, version: version)
        guard let field = creation.field else {
            throw OpenPGPError(.invalidArgument, "a key's creation time must lie between 1970 and 2106")
        }
        var material: [UInt8] = []
        parameters.serialize(into: &material)
        var body: [UInt8] = [version] + Subpacket.octets(of: field) + [algorithm.rawValue]
        if version == 6 { body += Subpacket.octets(of: UInt32(truncatingIfNeeded: material.count)) }
        body += material
        content = try Content(
            version: version, creation: creation, algorithm: algorithm, parameters: parameters, body: body)
    }

    public static func == (a: Self, b: Self) -> Bool { a.content === b.content || a.content.body == b.content.body }
    public func hash(into hasher: inout Hasher) { hasher.combine(content.fingerprint) }

    /// What stands before a key's body when it is hashed (RFC 9580 section 5.2.4).
    static func hashPrefix(version: UInt8, count: Int) -> [UInt8] {
        let octets = Subpacket.octets(of: UInt32(truncatingIfNeeded: count))
        return version == 4 ? [0x99] + octets.suffix(2) : [0x9B] + octets
    }

    /// Adds the key to a digest as signatures over keys want it.
    func hash(into digest: Digest) {
        digest.update(Self.hashPrefix(version: version, count: content.body.count))
        digest.update(content.body)
    }

    /// Size of the key in bits: modulus, prime or field.
    public var bitSize: Int {
        switch parameters {
        case .rsa(let n, _): n.bitCount
        case .dsa(let p, _, _, _), .elGamal(let p, _, _): p.bitCount
        case .ecdsa(let curve, _), .eddsaLegacy(let curve, _), .ecdh(let curve, _, _):
            switch curve {
            case .p384, .brainpoolP384: 384
            case .p521: 521
            case .brainpoolP512: 512
            default: 256
            }
        case .ed25519, .x25519: 256
        case .ed448, .x448: 448
        case .unknown: 0
        }
    }

    /// The libcrypto key, set up at the first call and shared by all copies.
    ///
    /// - Throws: `unsupportedAlgorithm` for algorithms and curves without a primitive, `malformed` for numbers that
    /// make
    ///   no key.
    public func handle() throws -> PublicKeyHandle {
        try content.handle.withLock { cached in
            if let cached { return cached }
            let result: Result<PublicKeyHandle, OpenPGPError>
            do {
                result = .success(try makeHandle())
            } catch let error as OpenPGPError {
                result = .failure(error)
            } catch {
                result = .failure(OpenPGPError(.malformed, "the numbers of key \(keyID.hex) make no \(algorithm) key"))
            }
            cached = result
            return result
        }.get()
    }

    private func makeHandle() throws -> PublicKeyHandle {
        switch parameters {
        case .rsa(let n, let e):
            guard (512...16384).contains(n.bitCount), e.bitCount <= 64 else {
                throw OpenPGPError(.unsupportedAlgorithm, "RSA keys of \(n.bitCount) bits are not supported")
            }
            return try PublicKeyHandle.rsa(n: n.bytes, e: e.bytes)
        case .dsa(let p, let q, let g, let y):
            guard (512...8192).contains(p.bitCount), q.bitCount <= 512 else {
                throw OpenPGPError(.unsupportedAlgorithm, "DSA keys of \(p.bitCount) bits are not supported")
            }
            return try PublicKeyHandle.dsa(p: p.bytes, q: q.bytes, g: g.bytes, y: y.bytes)
        case .ecdsa(let curve, let point), .ecdh(let curve, let point, _):
            if curve == .curve25519Legacy { return try PublicKeyHandle.x25519(try Self.native(point)) }
            guard let elliptic = curve.elliptic else {
                throw OpenPGPError(.unsupportedAlgorithm, "\(curve) is not supported")
            }
            return try PublicKeyHandle.ec(elliptic, point: point.bytes)
        case .eddsaLegacy(let curve, let point):
            guard curve == .ed25519Legacy else {
                throw OpenPGPError(.unsupportedAlgorithm, "EdDSA on \(curve) is not supported")
            }
            return try PublicKeyHandle.ed25519(try Self.native(point))
        case .ed25519(let raw): return try PublicKeyHandle.ed25519(raw)
        case .x25519(let raw): return try PublicKeyHandle.x25519(raw)
        case .ed448(let raw): return try PublicKeyHandle.ed448(raw)
        case .x448(let raw): return try PublicKeyHandle.x448(raw)
        case .elGamal, .unknown:
            throw OpenPGPError(.unsupportedAlgorithm, "\(algorithm) is not supported")
        }
    }

    /// The 32 octets behind the prefix octet 0x40.
    private static func native(_ point: MPI) throws -> [UInt8] {
        guard point.bytes.count == 33, point.bytes.first == 0x40 else {
            throw OpenPGPError(.malformed, "a curve point has the wrong form")
        }
        return Array(point.bytes.dropFirst())
    }
}
