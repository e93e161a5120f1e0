import COpenSSL
import Libcrypto

/// The form that certificates, requests and revocation lists share: what is signed, how, and the signature.
enum SignedStructure {
    /// Signs DER octets with SHA-2 of a size that fits the key. Throws `unsupported` for keys that cannot do it.
    static func make(_ content: ([UInt8]) -> [UInt8], key: CMSPrivateKey) throws -> [UInt8] {
        let (algorithm, digest) = try method(key.algorithm)
        let body = content(algorithm)
        let signature = try sign(body, digest: digest, key: key)
        return DER.sequence(body, algorithm, DER.element(DERReader.Tag.bitString, [0], signature))
    }

    private static func method(_ key: CertificateKeyAlgorithm) throws -> (algorithm: [UInt8], digest: String) {
        switch key {
        // sha256WithRSAEncryption (RFC 4055), ecdsa-with-SHA2 (RFC 5758).
        case .rsa: return (DER.algorithm(ObjectID(1, 2, 840, 113549, 1, 1, 11), DER.null), "SHA256")
        case .ec("prime256v1", _): return (DER.algorithm(ObjectID(1, 2, 840, 10045, 4, 3, 2)), "SHA256")
        case .ec("secp384r1", _): return (DER.algorithm(ObjectID(1, 2, 840, 10045, 4, 3, 3)), "SHA384")
        case .ec("secp521r1", _): return (DER.algorithm(ObjectID(1, 2, 840, 10045, 4, 3, 4)), "SHA512")
        default: throw CMSError(.unsupported, "certificates are not signed with a key of \(key)")
        }
    }

    private static func sign(_ bytes: [UInt8], digest: String, key: CMSPrivateKey) throws -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw CMSError.exhausted("EVP_MD_CTX_new") }
        defer { EVP_MD_CTX_free(context) }
        return try key.withHandle { handle in
            var count = 0
            guard EVP_DigestSignInit_ex(context, nil, digest, LibraryContext.shared, nil, handle, nil) == 1,
                EVP_DigestSign(context, nil, &count, bytes, bytes.count) == 1
            else { throw CMSError.exhausted("EVP_DigestSignInit_ex") }
            var output = [UInt8](repeating: 0, count: count)
            guard EVP_DigestSign(context, &output, &count, bytes, bytes.count) == 1 else {
                throw CMSError.exhausted("EVP_DigestSign")
            }
            return Array(output.prefix(count))
        }
    }

    /// The SubjectPublicKeyInfo of a key.
    static func publicKey(_ key: CMSPrivateKey) throws -> [UInt8] {
        try key.withHandle { key in try encodeDER { i2d_PUBKEY(key, $0) } }
    }

    /// The key identifier of RFC 5280 section 4.2.1.2 method 1, for a SubjectPublicKeyInfo.
    static func keyIdentifier(_ publicKey: [UInt8]) throws -> [UInt8] {
        let bytes = publicKey.span
        var outer = DERReader(0..<bytes.count)
        var inner = DERReader(try outer.take(DERReader.Tag.sequence, bytes))
        _ = try inner.next(bytes)
        let bits = bytes.copy(try inner.take(DERReader.Tag.bitString, bytes))
        return try Digest.hash(.sha1, Array(bits.dropFirst()))
    }
}
