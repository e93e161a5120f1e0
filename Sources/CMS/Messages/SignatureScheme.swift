import COpenSSL
import Libcrypto

/// How a signature is made over a digest.
public enum SignatureScheme: Hashable, Sendable, CustomStringConvertible {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2).
    case rsaPKCS1
    /// RSASSA-PSS (RFC 8017 section 8.1); the mask uses the same hash, the salt has this many octets.
    case rsaPSS(saltSize: Int)
    case ecdsa
    /// For old mail only, never made.
    case dsa

    public var description: String {
        switch self {
        case .rsaPKCS1: "RSA"
        case .rsaPSS: "RSA-PSS"
        case .ecdsa: "ECDSA"
        case .dsa: "DSA"
        }
    }

    /// The schemes that name their hash too (RFC 3370, RFC 5754, RFC 5758).
    private static let combined: [ObjectID: (Self, HashAlgorithm)] = [
        ObjectID(1, 2, 840, 113549, 1, 1, 4): (.rsaPKCS1, .md5),
        ObjectID(1, 2, 840, 113549, 1, 1, 5): (.rsaPKCS1, .sha1),
        ObjectID(1, 2, 840, 113549, 1, 1, 14): (.rsaPKCS1, .sha224),
        ObjectID(1, 2, 840, 113549, 1, 1, 11): (.rsaPKCS1, .sha256),
        ObjectID(1, 2, 840, 113549, 1, 1, 12): (.rsaPKCS1, .sha384),
        ObjectID(1, 2, 840, 113549, 1, 1, 13): (.rsaPKCS1, .sha512),
        ObjectID(1, 2, 840, 10045, 4, 1): (.ecdsa, .sha1),
        ObjectID(1, 2, 840, 10045, 4, 3, 1): (.ecdsa, .sha224),
        ObjectID(1, 2, 840, 10045, 4, 3, 2): (.ecdsa, .sha256),
        ObjectID(1, 2, 840, 10045, 4, 3, 3): (.ecdsa, .sha384),
        ObjectID(1, 2, 840, 10045, 4, 3, 4): (.ecdsa, .sha512),
        ObjectID(1, 2, 840, 10040, 4, 3): (.dsa, .sha1),
        ObjectID(2, 16, 840, 1, 101, 3, 4, 3, 1): (.dsa, .sha224),
        ObjectID(2, 16, 840, 1, 101, 3, 4, 3, 2): (.dsa, .sha256),
    ]

    /// Reads what a signer says. Throws `unsupported`, and `malformed` where it contradicts the digest algorithm.
    static func parse(_ algorithm: AlgorithmIdentifier, hash: HashAlgorithm) throws -> SignatureScheme {
        switch algorithm.id {
        case .rsaEncryption: return .rsaPKCS1
        case .ecPublicKey: return .ecdsa
        case .dsa: return .dsa
        case .rsaPSS: return try parsePSS(algorithm.parameters, hash: hash)
        case .ed25519: throw CMSError(.unsupported, "Ed25519 signatures")
        default: break
        }
        guard let (scheme, named) = combined[algorithm.id] else {
            throw CMSError(.unsupported, "signature algorithm \(algorithm.id)")
        }
        guard named == hash else {
            throw CMSError(.malformed, "the signature algorithm says \(named), the digest algorithm \(hash)")
        }
        return scheme
    }

    /// RFC 4055 section 3.1, with its defaults.
    private static func parsePSS(_ parameters: [UInt8], hash: HashAlgorithm) throws -> SignatureScheme {
        var outer = BERReader(parameters)
        var reader = try outer.inside(outer.next(0x30, "RSASSA-PSS parameters"))
        var (named, mask, saltSize): (HashAlgorithm?, HashAlgorithm?, Int) = (.sha1, .sha1, 20)
        while !reader.isAtEnd {
            let element = try reader.next()
            var inside = try reader.inside(element)
            switch element.tag {
            case 0xa0: named = try AlgorithmIdentifier(&inside, "RSASSA-PSS hash").hash
            case 0xa1: mask = try AlgorithmIdentifier(&inside, "RSASSA-PSS mask").maskHash
            case 0xa2: saltSize = try inside.smallInteger("RSASSA-PSS salt length")
            case 0xa3:
                guard try inside.smallInteger("RSASSA-PSS trailer") == 1 else {
                    throw CMSError(.unsupported, "RSASSA-PSS with another trailer")
                }
            default: throw CMSError(.malformed, "RSASSA-PSS parameters")
            }
        }
        guard let named, let mask else { throw CMSError(.unsupported, "hash of RSASSA-PSS") }
        guard named == hash else {
            throw CMSError(.malformed, "the signature algorithm says \(named), the digest algorithm \(hash)")
        }
        guard mask == hash else { throw CMSError(.unsupported, "RSASSA-PSS with two hashes") }
        guard saltSize <= 512 else { throw CMSError(.malformed, "RSASSA-PSS salt of \(saltSize) octets") }
        return .rsaPSS(saltSize: saltSize)
    }

    /// What is written for a signature of this scheme.
    func identifier(hash: HashAlgorithm) throws -> AlgorithmIdentifier {
        switch self {
        // RFC 5754 section 3.2 allows this and the combined name; this one every reader knows.
        case .rsaPKCS1: return AlgorithmIdentifier(.rsaEncryption, DER.null)
        case .rsaPSS(let saltSize):
            let shared = try AlgorithmIdentifier.hashAndMask(hash)
            return AlgorithmIdentifier(.rsaPSS, DER.sequence(shared, DER.element(0xa2, DER.integer(saltSize))))
        case .ecdsa:
            let named = Self.combined.first { $0.value == (.ecdsa, hash) }
            guard let named else { throw CMSError(.unsupported, "ECDSA with \(hash)") }
            return AlgorithmIdentifier(named.key)
        case .dsa: throw CMSError(.unsupported, "DSA signatures are not made")
        }
    }

    /// Whether a key can make such signatures.
    func fits(_ key: CertificateKeyAlgorithm) -> Bool {
        switch (self, key) {
        case (.rsaPKCS1, .rsa), (.rsaPSS, .rsa), (.rsaPSS, .rsaPSS), (.dsa, .dsa): true
        case (.ecdsa, .ec(let curve, _)): curve != "unnamed"
        default: false
        }
    }

    /// Runs one operation of an `EVP_PKEY` that is set up for this scheme and hash.
    private func withContext<R>(
        _ key: OpaquePointer, _ hash: HashAlgorithm, _ start: (OpaquePointer) -> Int32,
        _ body: (OpaquePointer) throws -> R
    ) throws -> R {
        guard let context = EVP_PKEY_CTX_new_from_pkey(LibraryContext.shared, key, nil) else {
            throw CMSError.exhausted("EVP_PKEY_CTX_new_from_pkey")
        }
        defer { EVP_PKEY_CTX_free(context) }
        guard let method = EVP_MD_fetch(LibraryContext.shared, hash.fetchName, nil) else {
            throw CMSError.library(.unsupported, "libcrypto has no \(hash)")
        }
        defer { EVP_MD_free(method) }
        var ready = start(context) == 1
        switch self {
        case .rsaPKCS1: ready = ready && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1
        case .rsaPSS(let saltSize):
            ready =
                ready && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1
                && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, Int32(saltSize)) == 1
                && EVP_PKEY_CTX_set_rsa_mgf1_md(context, method) == 1
        case .ecdsa, .dsa: break
        }
        guard ready, EVP_PKEY_CTX_set_signature_md(context, method) == 1 else {
            throw CMSError.library(.unsupported, "\(self) with \(hash) and this key")
        }
        return try body(context)
    }

    func sign(_ digest: [UInt8], hash: HashAlgorithm, key: OpaquePointer) throws -> [UInt8] {
        try withContext(key, hash, EVP_PKEY_sign_init) { context in
            var count = 0
            guard EVP_PKEY_sign(context, nil, &count, digest, digest.count) == 1, count > 0, count <= 1 << 16 else {
                throw CMSError.library(.internalFailure, "signing failed")
            }
            var signature = [UInt8](repeating: 0, count: count)
            guard EVP_PKEY_sign(context, &signature, &count, digest, digest.count) == 1 else {
                throw CMSError.library(.internalFailure, "signing failed")
            }
            return Array(signature.prefix(count))
        }
    }

    func verify(_ signature: [UInt8], digest: [UInt8], hash: HashAlgorithm, key: OpaquePointer) throws -> Bool {
        // A digest that was finished twice is empty and equals nothing.
        guard digest.count == hash.digestSize else { return false }
        return try withContext(key, hash, EVP_PKEY_verify_init) { context in
            let status = EVP_PKEY_verify(context, signature, signature.count, digest, digest.count)
            if status != 1 { ERR_clear_error() }
            return status == 1
        }
    }
}
