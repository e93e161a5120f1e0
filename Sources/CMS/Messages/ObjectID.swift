import Libcrypto

/// An object identifier (X.660): its DER content octets.
public struct ObjectID: Hashable, Sendable, CustomStringConvertible {
    /// The content octets, without tag and length.
    public let bytes: [UInt8]

    init(contents: [UInt8]) { bytes = contents }

    /// From its arcs, the first two of which are joined into one number.
    init(_ first: UInt, _ second: UInt, _ rest: UInt...) {
        bytes = ([first * 40 + second] + rest).flatMap { arc -> [UInt8] in
            var digits = [UInt8(arc & 0x7f)]
            var left = arc >> 7
            while left > 0 {
                digits.insert(UInt8(left & 0x7f) | 0x80, at: 0)
                left >>= 7
            }
            return digits
        }
    }

    /// Dotted; arcs beyond 32 bits are shown as `?`.
    public var description: String {
        var arcs: [String] = []
        var value: UInt64 = 0
        var isTooLarge = false
        for byte in bytes {
            isTooLarge = isTooLarge || value >= 1 << 32
            value = (value & 0xffff_ffff) << 7 | UInt64(byte & 0x7f)
            guard byte & 0x80 == 0 else { continue }
            if isTooLarge {
                arcs.append("?")
            } else if arcs.isEmpty {
                let first = min(value / 40, 2)
                arcs += ["\(first)", "\(value - first * 40)"]
            } else {
                arcs.append("\(value)")
            }
            value = 0
            isTooLarge = false
        }
        return arcs.joined(separator: ".")
    }
}

extension ObjectID {
    // Content types (RFC 5652, RFC 5083, RFC 3274).
    static let data = Self(1, 2, 840, 113549, 1, 7, 1)
    static let signedData = Self(1, 2, 840, 113549, 1, 7, 2)
    static let envelopedData = Self(1, 2, 840, 113549, 1, 7, 3)
    static let digestedData = Self(1, 2, 840, 113549, 1, 7, 5)
    static let encryptedData = Self(1, 2, 840, 113549, 1, 7, 6)
    static let compressedData = Self(1, 2, 840, 113549, 1, 9, 16, 1, 9)
    static let authEnvelopedData = Self(1, 2, 840, 113549, 1, 9, 16, 1, 23)
    static let zlib = Self(1, 2, 840, 113549, 1, 9, 16, 3, 8)

    // Attributes (RFC 5652 section 11, RFC 8551 section 2.5, RFC 5035).
    static let contentType = Self(1, 2, 840, 113549, 1, 9, 3)
    static let messageDigest = Self(1, 2, 840, 113549, 1, 9, 4)
    static let signingTime = Self(1, 2, 840, 113549, 1, 9, 5)
    static let capabilities = Self(1, 2, 840, 113549, 1, 9, 15)
    static let signingCertificateV2 = Self(1, 2, 840, 113549, 1, 9, 16, 2, 47)

    // Keys and signatures (RFC 3370, RFC 4055, RFC 5754).
    static let rsaEncryption = Self(1, 2, 840, 113549, 1, 1, 1)
    static let rsaOAEP = Self(1, 2, 840, 113549, 1, 1, 7)
    static let mgf1 = Self(1, 2, 840, 113549, 1, 1, 8)
    static let pSpecified = Self(1, 2, 840, 113549, 1, 1, 9)
    static let rsaPSS = Self(1, 2, 840, 113549, 1, 1, 10)
    static let ecPublicKey = Self(1, 2, 840, 10045, 2, 1)
    static let dsa = Self(1, 2, 840, 10040, 4, 1)
    static let ed25519 = Self(1, 3, 101, 112)
    static let x25519 = Self(1, 3, 101, 110)

    // Key wrap (RFC 3565).
    static let aes128Wrap = Self(2, 16, 840, 1, 101, 3, 4, 1, 5)
    static let aes192Wrap = Self(2, 16, 840, 1, 101, 3, 4, 1, 25)
    static let aes256Wrap = Self(2, 16, 840, 1, 101, 3, 4, 1, 45)

    // Certificate extensions (RFC 5280).
    static let subjectKeyIdentifier = Self(2, 5, 29, 14)
}

extension HashAlgorithm {
    /// The identifier of the hash itself; nil for hashes CMS does not name.
    var objectID: ObjectID? {
        switch self {
        case .md5: ObjectID(1, 2, 840, 113549, 2, 5)
        case .sha1: ObjectID(1, 3, 14, 3, 2, 26)
        case .ripemd160: ObjectID(1, 3, 36, 3, 2, 1)
        case .sha224: ObjectID(2, 16, 840, 1, 101, 3, 4, 2, 4)
        case .sha256: ObjectID(2, 16, 840, 1, 101, 3, 4, 2, 1)
        case .sha384: ObjectID(2, 16, 840, 1, 101, 3, 4, 2, 2)
        case .sha512: ObjectID(2, 16, 840, 1, 101, 3, 4, 2, 3)
        case .sha3_256: ObjectID(2, 16, 840, 1, 101, 3, 4, 2, 8)
        case .sha3_512: ObjectID(2, 16, 840, 1, 101, 3, 4, 2, 10)
        }
    }

    private static let byObjectID = Dictionary(
        allCases.compactMap { hash in hash.objectID.map { ($0, hash) } }, uniquingKeysWith: { first, _ in first })

    init?(_ objectID: ObjectID) {
        guard let hash = Self.byObjectID[objectID] else { return nil }
        self = hash
    }

    /// The name libcrypto knows it by.
    var fetchName: String {
        switch self {
        case .md5: "MD5"
        case .sha1: "SHA1"
        case .ripemd160: "RIPEMD160"
        case .sha224: "SHA224"
        case .sha256: "SHA256"
        case .sha384: "SHA384"
        case .sha512: "SHA512"
        case .sha3_256: "SHA3-256"
        case .sha3_512: "SHA3-512"
        }
    }
}
