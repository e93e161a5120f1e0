import COpenSSL
import Libcrypto

/// How an RSA key carries the content key to a recipient.
public enum RSAKeyTransport: Hashable, Sendable {
    /// RSAES-PKCS1-v1_5 (RFC 3370 section 4.2.1), which every reader knows.
    case pkcs1
    /// RSAES-OAEP (RFC 3560) with this hash in both places.
    case oaep(HashAlgorithm)
}

/// Key transport as it stands in a message, and the operations behind it.
enum KeyTransport {
    case pkcs1
    case oaep(hash: HashAlgorithm, mask: HashAlgorithm, label: [UInt8])

    static func parse(_ algorithm: AlgorithmIdentifier) throws -> KeyTransport {
        if algorithm.id == .rsaEncryption { return .pkcs1 }
        guard algorithm.id == .rsaOAEP else { throw CMSError(.unsupported, "key transport \(algorithm.id)") }
        // RFC 4055 section 4.1, with its defaults.
        var (hash, mask, label): (HashAlgorithm?, HashAlgorithm?, [UInt8]) = (.sha1, .sha1, [])
        var outer = BERReader(algorithm.parameters)
        if !outer.isAtEnd {
            var reader = try outer.inside(outer.next(0x30, "OAEP parameters"))
            while !reader.isAtEnd {
                let element = try reader.next()
                var inside = try reader.inside(element)
                switch element.tag {
                case 0xa0: hash = try AlgorithmIdentifier(&inside, "OAEP hash").hash
                case 0xa1: mask = try AlgorithmIdentifier(&inside, "OAEP mask").maskHash
                case 0xa2:
                    let source = try AlgorithmIdentifier(&inside, "OAEP label")
                    guard source.id == .pSpecified else { throw CMSError(.unsupported, "OAEP label \(source.id)") }
                    var value = BERReader(source.parameters)
                    label = value.octets(try value.next(0x04, "OAEP label"))
                default: throw CMSError(.malformed, "OAEP parameters")
                }
            }
        }
        guard let hash, let mask else { throw CMSError(.unsupported, "hash of OAEP") }
        return .oaep(hash: hash, mask: mask, label: label)
    }

    init(_ choice: RSAKeyTransport) {
        switch choice {
        case .pkcs1: self = .pkcs1
        case .oaep(let hash): self = .oaep(hash: hash, mask: hash, label: [])
        }
    }

    /// For what is written, where there is no label and one hash.
    var identifier: AlgorithmIdentifier {
        get throws {
            switch self {
            case .pkcs1: return AlgorithmIdentifier(.rsaEncryption, DER.null)
            case .oaep(let hash, _, _):
                return AlgorithmIdentifier(.rsaOAEP, DER.sequence(try AlgorithmIdentifier.hashAndMask(hash)))
            }
        }
    }

    private func prepare(_ context: OpaquePointer) throws {
        switch self {
        case .pkcs1:
            guard EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 else {
                throw CMSError.library(.internalFailure, "RSA set-up failed")
            }
        case .oaep(let hash, let mask, let label):
            guard let method = EVP_MD_fetch(LibraryContext.shared, hash.fetchName, nil) else {
                throw CMSError.library(.unsupported, "libcrypto has no \(hash)")
            }
            defer { EVP_MD_free(method) }
            guard let maskMethod = EVP_MD_fetch(LibraryContext.shared, mask.fetchName, nil) else {
                throw CMSError.library(.unsupported, "libcrypto has no \(mask)")
            }
            defer { EVP_MD_free(maskMethod) }
            guard EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1,
                EVP_PKEY_CTX_set_rsa_oaep_md(context, method) == 1,
                EVP_PKEY_CTX_set_rsa_mgf1_md(context, maskMethod) == 1
            else { throw CMSError.library(.unsupported, "OAEP with \(hash) and \(mask)") }
            guard !label.isEmpty else { return }
            // On success the context owns the copy.
            let copy = CRYPTO_memdup(label, label.count, nil, 0)
            guard EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy, Int32(clamping: label.count)) == 1 else {
                CRYPTO_free(copy, nil, 0)
                throw CMSError.library(.unsupported, "a label of OAEP")
            }
        }
    }

    /// The content key under a public key.
    func encrypt(_ contentKey: SecretBytes, key: OpaquePointer) throws -> [UInt8] {
        guard let context = EVP_PKEY_CTX_new_from_pkey(LibraryContext.shared, key, nil) else {
            throw CMSError.exhausted("EVP_PKEY_CTX_new_from_pkey")
        }
        defer { EVP_PKEY_CTX_free(context) }
        guard EVP_PKEY_encrypt_init(context) == 1 else {
            throw CMSError.library(.unsupported, "encryption to this key")
        }
        try prepare(context)
        return try contentKey.withPointer { plain in
            var count = 0
            guard EVP_PKEY_encrypt(context, nil, &count, plain, contentKey.count) == 1, count > 0, count <= 1 << 16
            else {
                throw CMSError.library(.unsupported, "encryption to this key")
            }
            var output = [UInt8](repeating: 0, count: count)
            guard EVP_PKEY_encrypt(context, &output, &count, plain, contentKey.count) == 1 else {
                throw CMSError.library(.internalFailure, "RSA encryption failed")
            }
            return Array(output.prefix(count))
        }
    }

    /// The content key of `size` octets. With PKCS#1 v1.5 a damaged ciphertext gives another key, always the same for the same
    /// ciphertext, so that nothing tells which of the two happened (RFC 3218 section 2.3). Throws `notDecryptable`.
    func decrypt(_ ciphertext: [UInt8], size: Int, key: OpaquePointer) throws -> SecretBytes {
        guard let context = EVP_PKEY_CTX_new_from_pkey(LibraryContext.shared, key, nil) else {
            throw CMSError.exhausted("EVP_PKEY_CTX_new_from_pkey")
        }
        defer { EVP_PKEY_CTX_free(context) }
        let modulus = Int(EVP_PKEY_get_size(key))
        guard EVP_PKEY_decrypt_init(context) == 1, modulus > 0, modulus <= 2048, ciphertext.count == modulus,
            size > 0, size <= 32
        else { throw CMSError.library(.notDecryptable, "the key does not open the message") }
        if case .pkcs1 = self { return try decryptPKCS1(ciphertext, size: size, key: key, context: context) }
        try prepare(context)
        var count = modulus
        let plain = try SecretBytes(
            raw: modulus,
            unsafe: { output in
                guard EVP_PKEY_decrypt(context, output, &count, ciphertext, ciphertext.count) == 1 else {
                    throw CMSError.library(.notDecryptable, "the key does not open the message")
                }
            })
        guard count == size, let contentKey = plain.slice(0..<count) else {
            throw CMSError(.notDecryptable, "the key does not open the message")
        }
        return contentKey
    }

    private func decryptPKCS1(
        _ ciphertext: [UInt8], size: Int, key: OpaquePointer, context: OpaquePointer
    ) throws -> SecretBytes {
        let secret = try Self.rejectionSecret(key)
        let label = Array("guardd CMS implicit rejection".utf8)
        let fake = SecretBytes(copying: try HMAC.sha256(key: secret, label + ciphertext))
        let encoded = try SecretBytes(
            raw: ciphertext.count,
            unsafe: { output in
                var count = ciphertext.count
                guard EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) == 1,
                    EVP_PKEY_decrypt(context, output, &count, ciphertext, ciphertext.count) == 1,
                    count == ciphertext.count
                else { throw CMSError.library(.notDecryptable, "the key does not open the message") }
            })
        return SecretBytes(
            raw: size,
            unsafe: { output in
                encoded.withPointer { encoded in
                    fake.withPointer { guardd_unpad_content_key(encoded, ciphertext.count, $0, size, output) }
                }
            })
    }

    /// The private exponent, which nobody else knows and which stays the same.
    private static func rejectionSecret(_ key: OpaquePointer) throws -> SecretBytes {
        var number: OpaquePointer?
        guard EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_D, &number) == 1, let number else {
            throw CMSError.library(.notDecryptable, "the key does not open the message")
        }
        defer { BN_clear_free(number) }
        let size = Int(EVP_PKEY_get_size(key))
        return try SecretBytes(
            raw: size,
            unsafe: { output in
                guard BN_bn2binpad(number, output, Int32(clamping: size)) == Int32(clamping: size) else {
                    throw CMSError.exhausted("BN_bn2binpad")
                }
            })
    }
}
