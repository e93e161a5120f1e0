import Libcrypto

/// Public-key algorithm identifier (RFC 9580 section 9.1). Unknown values are kept.
public struct PublicKeyAlgorithm: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let rsa = Self(rawValue: 1)
    public static let rsaEncryptOnly = Self(rawValue: 2)
    public static let rsaSignOnly = Self(rawValue: 3)
    public static let elGamal = Self(rawValue: 16)
    public static let dsa = Self(rawValue: 17)
    public static let ecdh = Self(rawValue: 18)
    public static let ecdsa = Self(rawValue: 19)
    public static let elGamalLegacy = Self(rawValue: 20)
    public static let eddsaLegacy = Self(rawValue: 22)
    public static let x25519 = Self(rawValue: 25)
    public static let x448 = Self(rawValue: 26)
    public static let ed25519 = Self(rawValue: 27)
    public static let ed448 = Self(rawValue: 28)

    /// Whether the algorithm can make signatures.
    public var canSign: Bool {
        switch self {
        case .rsa, .rsaSignOnly, .dsa, .ecdsa, .eddsaLegacy, .ed25519, .ed448: true
        default: false
        }
    }

    /// Whether the algorithm can carry session keys.
    public var canEncrypt: Bool {
        switch self {
        case .rsa, .rsaEncryptOnly, .elGamal, .ecdh, .x25519, .x448: true
        default: false
        }
    }

    /// RSA in any of its three identifiers.
    public var isRSA: Bool { self == .rsa || self == .rsaEncryptOnly || self == .rsaSignOnly }

    public var description: String {
        switch self {
        case .rsa, .rsaEncryptOnly, .rsaSignOnly: "RSA"
        case .elGamal, .elGamalLegacy: "ElGamal"
        case .dsa: "DSA"
        case .ecdh: "ECDH"
        case .ecdsa: "ECDSA"
        case .eddsaLegacy: "EdDSALegacy"
        case .x25519: "X25519"
        case .x448: "X448"
        case .ed25519: "Ed25519"
        case .ed448: "Ed448"
        default: "public-key algorithm \(rawValue)"
        }
    }
}

/// Hash algorithm identifier (RFC 9580 section 9.5). Unknown values are kept.
public struct HashID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let md5 = Self(rawValue: 1)
    public static let sha1 = Self(rawValue: 2)
    public static let ripemd160 = Self(rawValue: 3)
    public static let sha256 = Self(rawValue: 8)
    public static let sha384 = Self(rawValue: 9)
    public static let sha512 = Self(rawValue: 10)
    public static let sha224 = Self(rawValue: 11)
    public static let sha3_256 = Self(rawValue: 12)
    public static let sha3_512 = Self(rawValue: 14)

    /// The primitive; nil for identifiers this library does not know.
    public var algorithm: HashAlgorithm? {
        switch self {
        case .md5: .md5
        case .sha1: .sha1
        case .ripemd160: .ripemd160
        case .sha224: .sha224
        case .sha256: .sha256
        case .sha384: .sha384
        case .sha512: .sha512
        case .sha3_256: .sha3_256
        case .sha3_512: .sha3_512
        default: nil
        }
    }

    /// Octets of salt in signatures of version 6 (RFC 9580 section 9.5, table 23); nil for hashes they must not use.
    public var saltSize: Int? {
        switch self {
        case .sha224, .sha256, .sha3_256: 16
        case .sha384: 24
        case .sha512, .sha3_512: 32
        default: nil
        }
    }

    /// The identifier of the hash in text form (RFC 9580 section 9.5, the cleartext framework's Hash header).
    public var description: String {
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
        default: "hash algorithm \(rawValue)"
        }
    }

    /// Reads the text form, in any case.
    public init?(name: String) {
        let known: [HashID] = [
            .md5, .sha1, .ripemd160, .sha224, .sha256, .sha384, .sha512, .sha3_256, .sha3_512,
        ]
        let wanted = name.uppercased()
        guard let match = known.first(where: { $0.description == wanted }) else { return nil }
        self = match
    }
}

/// Symmetric cipher identifier (RFC 9580 section 9.3). Unknown values are kept.
public struct SymmetricID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let plaintext = Self(rawValue: 0)
    public static let idea = Self(rawValue: 1)
    public static let tripleDES = Self(rawValue: 2)
    public static let cast5 = Self(rawValue: 3)
    public static let blowfish = Self(rawValue: 4)
    public static let aes128 = Self(rawValue: 7)
    public static let aes192 = Self(rawValue: 8)
    public static let aes256 = Self(rawValue: 9)
    public static let twofish = Self(rawValue: 10)
    public static let camellia128 = Self(rawValue: 11)
    public static let camellia192 = Self(rawValue: 12)
    public static let camellia256 = Self(rawValue: 13)

    /// The primitive; nil for ciphers this library does not implement.
    public var algorithm: SymmetricAlgorithm? {
        switch self {
        case .tripleDES: .tripleDES
        case .cast5: .cast5
        case .blowfish: .blowfish
        case .aes128: .aes128
        case .aes192: .aes192
        case .aes256: .aes256
        case .camellia128: .camellia128
        case .camellia192: .camellia192
        case .camellia256: .camellia256
        default: nil
        }
    }

    public var description: String {
        switch self {
        case .plaintext: "plaintext"
        case .idea: "IDEA"
        case .tripleDES: "TripleDES"
        case .cast5: "CAST5"
        case .blowfish: "Blowfish"
        case .aes128: "AES-128"
        case .aes192: "AES-192"
        case .aes256: "AES-256"
        case .twofish: "Twofish"
        case .camellia128: "Camellia-128"
        case .camellia192: "Camellia-192"
        case .camellia256: "Camellia-256"
        default: "cipher \(rawValue)"
        }
    }
}

/// Compression algorithm identifier (RFC 9580 section 9.4). Unknown values are kept.
public struct CompressionID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let uncompressed = Self(rawValue: 0)
    public static let zip = Self(rawValue: 1)
    public static let zlib = Self(rawValue: 2)
    public static let bzip2 = Self(rawValue: 3)

    public var description: String {
        switch self {
        case .uncompressed: "uncompressed"
        case .zip: "ZIP"
        case .zlib: "ZLIB"
        case .bzip2: "BZip2"
        default: "compression \(rawValue)"
        }
    }
}

/// AEAD mode identifier (RFC 9580 section 9.6). Unknown values are kept.
public struct AEADID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let eax = Self(rawValue: 1)
    public static let ocb = Self(rawValue: 2)
    public static let gcm = Self(rawValue: 3)

    /// The primitive; nil for modes that this library does not know.
    public var algorithm: AEADAlgorithm? {
        switch self {
        case .eax: .eax
        case .ocb: .ocb
        case .gcm: .gcm
        default: nil
        }
    }

    public var description: String {
        switch self {
        case .eax: "EAX"
        case .ocb: "OCB"
        case .gcm: "GCM"
        default: "AEAD mode \(rawValue)"
        }
    }
}

/// A cipher with an AEAD mode, as certificates announce them (RFC 9580 section 5.2.3.15).
public struct CipherSuite: Hashable, Sendable, CustomStringConvertible {
    public let cipher: SymmetricID
    public let aead: AEADID

    public init(_ cipher: SymmetricID, _ aead: AEADID) {
        self.cipher = cipher
        self.aead = aead
    }

    /// What everybody who reads AEAD at all can read.
    public static let mandatory = Self(.aes128, .ocb)

    public var description: String { "\(cipher) \(aead)" }
}
