import Libcrypto

/// What the content of an encrypted message is encrypted with.
public enum ContentCipher: String, Sendable, CaseIterable, Hashable {
    case aes128GCM = "aes128-gcm"
    case aes192GCM = "aes192-gcm"
    case aes256GCM = "aes256-gcm"
    case aes128CBC = "aes128-cbc"
    case aes192CBC = "aes192-cbc"
    case aes256CBC = "aes256-cbc"
    /// The rest is for old mail only: never written, read only where `CMSPolicy.allowsLegacyCiphers`.
    case tripleDESCBC = "3des-cbc"
    case rc2CBC40 = "rc2-40-cbc"
    case rc2CBC64 = "rc2-64-cbc"
    case rc2CBC128 = "rc2-128-cbc"

    /// Whether a changed ciphertext is always noticed. Where not, nothing that was decrypted is authentic.
    public var isAuthenticated: Bool {
        switch self {
        case .aes128GCM, .aes192GCM, .aes256GCM: true
        default: false
        }
    }

    /// Whether only old mail uses it.
    public var isLegacy: Bool {
        switch self {
        case .tripleDESCBC, .rc2CBC40, .rc2CBC64, .rc2CBC128: true
        default: false
        }
    }

    /// Length of a key in octets.
    public var keySize: Int {
        switch self {
        case .aes128GCM, .aes128CBC, .rc2CBC128: 16
        case .aes192GCM, .aes192CBC, .tripleDESCBC: 24
        case .aes256GCM, .aes256CBC: 32
        case .rc2CBC40: 5
        case .rc2CBC64: 8
        }
    }

    /// Length of the nonce or initialisation vector in octets.
    var nonceSize: Int {
        switch self {
        case .aes128GCM, .aes192GCM, .aes256GCM: 12
        case .aes128CBC, .aes192CBC, .aes256CBC: 16
        case .tripleDESCBC, .rc2CBC40, .rc2CBC64, .rc2CBC128: 8
        }
    }

    /// RFC 3565, RFC 5084, RFC 3370 section 5.
    var objectID: ObjectID {
        switch self {
        case .aes128CBC: ObjectID(2, 16, 840, 1, 101, 3, 4, 1, 2)
        case .aes128GCM: ObjectID(2, 16, 840, 1, 101, 3, 4, 1, 6)
        case .aes192CBC: ObjectID(2, 16, 840, 1, 101, 3, 4, 1, 22)
        case .aes192GCM: ObjectID(2, 16, 840, 1, 101, 3, 4, 1, 26)
        case .aes256CBC: ObjectID(2, 16, 840, 1, 101, 3, 4, 1, 42)
        case .aes256GCM: ObjectID(2, 16, 840, 1, 101, 3, 4, 1, 46)
        case .tripleDESCBC: ObjectID(1, 2, 840, 113549, 3, 7)
        case .rc2CBC40, .rc2CBC64, .rc2CBC128: ObjectID(1, 2, 840, 113549, 3, 2)
        }
    }

    var fetchName: String {
        switch self {
        case .aes128GCM: "AES-128-GCM"
        case .aes192GCM: "AES-192-GCM"
        case .aes256GCM: "AES-256-GCM"
        case .aes128CBC: "AES-128-CBC"
        case .aes192CBC: "AES-192-CBC"
        case .aes256CBC: "AES-256-CBC"
        case .tripleDESCBC: "DES-EDE3-CBC"
        case .rc2CBC40: "RC2-40-CBC"
        case .rc2CBC64: "RC2-64-CBC"
        case .rc2CBC128: "RC2-CBC"
        }
    }

    static let gcmTagSize = 16

    /// The algorithm as it is written into a message.
    func identifier(nonce: [UInt8]) -> AlgorithmIdentifier {
        let iv = DER.octetString(nonce)
        return AlgorithmIdentifier(objectID, isAuthenticated ? DER.sequence(iv, DER.integer(Self.gcmTagSize)) : iv)
    }

    /// What an algorithm in a message says: cipher, nonce and for GCM the length of the tag. Throws `unsupported` for other
    /// ciphers, `malformed` for parameters that do not fit.
    static func parse(_ algorithm: AlgorithmIdentifier) throws -> Parameters {
        let malformed = CMSError(.malformed, "parameters of the content cipher \(algorithm.id)")
        var reader = BERReader(algorithm.parameters)
        if algorithm.id == ContentCipher.rc2CBC128.objectID {
            var inside = try reader.inside(reader.next(0x30, "RC2 parameters"))
            // RFC 2268 section 6 codes the effective key bits.
            let versions: [Int: ContentCipher] = [160: .rc2CBC40, 120: .rc2CBC64, 58: .rc2CBC128]
            guard let cipher = versions[try inside.smallInteger("RC2 version")] else {
                throw CMSError(.unsupported, "RC2 with an unusual number of key bits")
            }
            let nonce = inside.octets(try inside.next(0x04, "RC2 initialisation vector"))
            guard nonce.count == cipher.nonceSize else { throw malformed }
            return Parameters(cipher: cipher, nonce: nonce, tagSize: 0)
        }
        guard let cipher = allCases.first(where: { $0.objectID == algorithm.id }) else {
            throw CMSError(.unsupported, "content cipher \(algorithm.id)")
        }
        if cipher.isAuthenticated {
            var inside = try reader.inside(reader.next(0x30, "GCM parameters"))
            let nonce = inside.octets(try inside.next(0x04, "GCM nonce"))
            let tagSize = inside.isAtEnd ? 12 : try inside.smallInteger("GCM tag size")
            guard (1...64).contains(nonce.count), (12...gcmTagSize).contains(tagSize) else { throw malformed }
            return Parameters(cipher: cipher, nonce: nonce, tagSize: tagSize)
        }
        let nonce = reader.octets(try reader.next(0x04, "initialisation vector"))
        guard nonce.count == cipher.nonceSize else { throw malformed }
        return Parameters(cipher: cipher, nonce: nonce, tagSize: 0)
    }

    struct Parameters: Sendable {
        let cipher: ContentCipher
        let nonce: [UInt8]
        /// Octets of the authentication tag; 0 where the cipher has none.
        let tagSize: Int
    }
}
