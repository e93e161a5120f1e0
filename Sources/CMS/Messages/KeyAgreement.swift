import COpenSSL
import Libcrypto

/// Ephemeral-static key agreement on an elliptic curve (RFC 5753 section 3.1), and the wrapping of the content key under its
/// result (RFC 3565).
enum KeyAgreement {
    /// The hashes of the X9.63 derivation; the curves of this target have the cofactor 1, so both families are the same.
    private static let hashes: [ObjectID: HashAlgorithm] = [
        ObjectID(1, 3, 133, 16, 840, 63, 0, 2): .sha1,
        ObjectID(1, 3, 133, 16, 840, 63, 0, 3): .sha1,
        ObjectID(1, 3, 132, 1, 11, 0): .sha224, ObjectID(1, 3, 132, 1, 14, 0): .sha224,
        ObjectID(1, 3, 132, 1, 11, 1): .sha256, ObjectID(1, 3, 132, 1, 14, 1): .sha256,
        ObjectID(1, 3, 132, 1, 11, 2): .sha384, ObjectID(1, 3, 132, 1, 14, 2): .sha384,
        ObjectID(1, 3, 132, 1, 11, 3): .sha512, ObjectID(1, 3, 132, 1, 14, 3): .sha512,
    ]
    /// dhSinglePass-stdDH-sha256kdf-scheme, the one that is written.
    private static let written = ObjectID(1, 3, 132, 1, 11, 1)
    private static let wrapSizes: [ObjectID: Int] = [.aes128Wrap: 16, .aes192Wrap: 24, .aes256Wrap: 32]
    private static let curves: Set<String> = ["prime256v1", "secp384r1", "secp521r1"]

    /// The algorithm in a message: hash of the derivation and the wrap.
    struct Scheme: Sendable {
        let hash: HashAlgorithm
        let wrap: AlgorithmIdentifier
        let wrapSize: Int

        init(_ algorithm: AlgorithmIdentifier) throws {
            guard let hash = KeyAgreement.hashes[algorithm.id] else {
                throw CMSError(.unsupported, "key agreement \(algorithm.id)")
            }
            var reader = BERReader(algorithm.parameters)
            let wrap = try AlgorithmIdentifier(&reader, "key wrap")
            guard let size = KeyAgreement.wrapSizes[wrap.id] else {
                throw CMSError(.unsupported, "key wrap \(wrap.id)")
            }
            self.hash = hash
            self.wrap = wrap
            wrapSize = size
        }

        init(keySize: Int) {
            hash = .sha256
            wrapSize = keySize == 16 ? 16 : 32
            wrap = AlgorithmIdentifier(keySize == 16 ? .aes128Wrap : .aes256Wrap)
        }

        var identifier: AlgorithmIdentifier { AlgorithmIdentifier(KeyAgreement.written, wrap.encoded) }

        /// ECC-CMS-SharedInfo (RFC 5753 section 7.2).
        func sharedInfo(userKeyingMaterial: [UInt8]?) -> [UInt8] {
            let bits = UInt32(wrapSize * 8)
            let length = DER.octetString([0, 0, UInt8(bits >> 8 & 0xff), UInt8(bits & 0xff)])
            let party = userKeyingMaterial.map { DER.element(0xa0, DER.octetString($0)) } ?? []
            return DER.sequence(wrap.encoded, party, DER.element(0xa2, length))
        }
    }

    /// Both keys must be on the same curve.
    private static func derive(
        own: OpaquePointer, peer: OpaquePointer, scheme: Scheme, userKeyingMaterial: [UInt8]?
    ) throws -> SecretBytes {
        let failure = { CMSError.library(.notDecryptable, "there is no key agreement between the keys") }
        guard let context = EVP_PKEY_CTX_new_from_pkey(LibraryContext.shared, own, nil) else { throw failure() }
        defer { EVP_PKEY_CTX_free(context) }
        guard let method = EVP_MD_fetch(LibraryContext.shared, scheme.hash.fetchName, nil) else { throw failure() }
        defer { EVP_MD_free(method) }
        guard EVP_PKEY_derive_init(context) == 1, EVP_PKEY_derive_set_peer(context, peer) == 1,
            EVP_PKEY_CTX_set_ecdh_kdf_type(context, Int32(EVP_PKEY_ECDH_KDF_X9_63)) == 1,
            EVP_PKEY_CTX_set_ecdh_kdf_md(context, method) == 1,
            EVP_PKEY_CTX_set_ecdh_kdf_outlen(context, Int32(scheme.wrapSize)) == 1
        else { throw failure() }
        let info = scheme.sharedInfo(userKeyingMaterial: userKeyingMaterial)
        // On success the context owns the copy.
        let copy = CRYPTO_memdup(info, info.count, nil, 0)
        guard
            EVP_PKEY_CTX_set0_ecdh_kdf_ukm(
                context, copy?.assumingMemoryBound(to: UInt8.self), Int32(clamping: info.count)) == 1
        else {
            CRYPTO_free(copy, nil, 0)
            throw failure()
        }
        var count = scheme.wrapSize
        return try SecretBytes(
            raw: scheme.wrapSize,
            unsafe: { output in
                guard EVP_PKEY_derive(context, output, &count) == 1, count == scheme.wrapSize else { throw failure() }
            })
    }

    private static func curve(_ key: OpaquePointer) throws -> String {
        guard case .ec(let curve, _) = CertificateKeyAlgorithm(key: key), curves.contains(curve) else {
            throw CMSError(.unsupported, "key agreement with \(CertificateKeyAlgorithm(key: key))")
        }
        return curve
    }

    /// KeyAgreeRecipientInfo (RFC 5652 section 6.2.2) for one recipient, with a fresh key of our side.
    static func recipientInfo(_ contentKey: SecretBytes, key: OpaquePointer, recipient: [UInt8]) throws -> [UInt8] {
        _ = try curve(key)
        guard let context = EVP_PKEY_CTX_new_from_pkey(LibraryContext.shared, key, nil) else {
            throw CMSError.exhausted("EVP_PKEY_CTX_new_from_pkey")
        }
        defer { EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_generate(context, &made) == 1, let made else {
            throw CMSError.library(.internalFailure, "generation of an EC key failed")
        }
        let ephemeral = KeyOwner(made)
        let scheme = Scheme(keySize: contentKey.count)
        let kek = try ephemeral.withHandle { try derive(own: $0, peer: key, scheme: scheme, userKeyingMaterial: nil) }
        let wrapped = try AESKeyWrap.wrap(contentKey, kek: kek)
        let point = try ephemeral.encodedPublicKey()
        let originator = DER.element(
            0xa1, DER.algorithm(.ecPublicKey), DER.element(0x03, [0] + point))
        return DER.element(
            0xa1, DER.integer(3), DER.element(0xa0, originator), scheme.identifier.encoded,
            DER.sequence(DER.sequence(recipient, DER.octetString(wrapped))))
    }

    /// The content key. Throws `notDecryptable` or `unsupported`.
    static func open(_ info: KeyAgreementLayout, wrapped: [UInt8], key: OpaquePointer) throws -> SecretBytes {
        let name = try curve(key)
        let scheme = try Scheme(info.algorithm)
        guard let point = info.originatorPoint else { throw CMSError(.unsupported, "key agreement with a static key") }
        var numbers = Parameters()
        numbers.text("group", name)
        numbers.octets("pub", point)
        let peer = try KeyOwner.make("EC", isPrivate: false, numbers)
        let kek = try peer.withHandle {
            try derive(own: key, peer: $0, scheme: scheme, userKeyingMaterial: info.userKeyingMaterial)
        }
        return try AESKeyWrap.unwrap(wrapped, kek: kek)
    }
}
