/// The fingerprint of a key (RFC 9580 section 5.5.4): 20 octets for version 4, 32 for version 6.
public struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    /// Version of the key that has this fingerprint.
    public let version: UInt8
    /// The octets.
    public let bytes: [UInt8]

    /// Makes a fingerprint; nil where the length does not belong to the version.
    public init?(version: UInt8, bytes: [UInt8]) {
        guard bytes.count == Self.length(ofVersion: version) else { return nil }
        self.version = version
        self.bytes = bytes
    }

    /// Reads 40 or 64 hexadecimal digits, in either case, blanks allowed between them.
    public init?(hex: String) {
        guard let bytes = Hex.decode(String(hex.filter { $0 != " " })) else { return nil }
        switch bytes.count {
        case 20: self.init(version: 4, bytes: bytes)
        case 32: self.init(version: 6, bytes: bytes)
        default: return nil
        }
    }

    /// Octets in a fingerprint of a key version; nil for versions that this library does not know.
    static func length(ofVersion version: UInt8) -> Int? {
        switch version {
        case 4: 20
        case 5, 6: 32
        default: nil
        }
    }

    /// The key ID: the last eight octets for version 4, the first eight for later ones.
    public var keyID: KeyID {
        let part = version == 4 ? bytes.suffix(8) : bytes.prefix(8)
        return KeyID(part.reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// Upper-case hexadecimal digits without blanks.
    public var hex: String { Hex.encode(bytes) }

    public var description: String { hex }
}

/// How a signature or a session key packet names the key it belongs to. A hint only: nobody vouches for it.
public enum IssuerHint: Hashable, Sendable {
    /// An issuer fingerprint subpacket.
    case fingerprint(Fingerprint)
    /// An issuer key ID.
    case keyID(KeyID)

    /// The key ID that the hint carries or implies.
    public var keyID: KeyID {
        switch self {
        case .fingerprint(let fingerprint): fingerprint.keyID
        case .keyID(let keyID): keyID
        }
    }

    /// Whether a key of this fingerprint is meant.
    public func matches(_ candidate: Fingerprint) -> Bool {
        switch self {
        case .fingerprint(let fingerprint): fingerprint == candidate
        case .keyID(let keyID): keyID == candidate.keyID
        }
    }
}
