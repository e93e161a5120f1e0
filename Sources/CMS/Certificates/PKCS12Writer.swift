import COpenSSL
import Libcrypto

/// Collects the bags of a new PKCS#12 file.
final class PKCS12Writer {
    /// Derivation steps of each of the three places that have them.
    private static let iterations: Int32 = 200_000

    private let password: SecretBytes
    private let certificates: ObjectStack
    private let keys: ObjectStack

    init(password: SecretBytes) throws {
        self.password = password
        guard let certificates = ObjectStack(OPENSSL_sk_new_null(), release: { PKCS12_SAFEBAG_free($0) }),
            let keys = ObjectStack(OPENSSL_sk_new_null(), release: { PKCS12_SAFEBAG_free($0) })
        else { throw CMSError.exhausted("OPENSSL_sk_new_null") }
        self.certificates = certificates
        self.keys = keys
    }

    func add(_ certificate: X509Certificate, name: String?, identifier: [UInt8]?) throws {
        let bag = certificate.withHandle { PKCS12_SAFEBAG_create_cert($0) }
        try push(bag, to: certificates, name, identifier)
    }

    func add(_ key: CMSPrivateKey, name: String?, identifier: [UInt8]?) throws {
        let locked = try LockedKey.lock(key.pkcs8, password: password)
        guard let signature = decodeDER(locked, { d2i_X509_SIG(nil, $0, $1) })?.object else {
            throw CMSError.exhausted("d2i_X509_SIG")
        }
        guard let bag = PKCS12_SAFEBAG_create0_pkcs8(signature) else {
            X509_SIG_free(signature)
            throw CMSError.exhausted("PKCS12_SAFEBAG_create0_pkcs8")
        }
        try push(bag, to: keys, name, identifier)
    }

    private func push(_ bag: OpaquePointer?, to stack: ObjectStack, _ name: String?, _ identifier: [UInt8]?) throws {
        guard let bag else { throw CMSError.exhausted("PKCS12_SAFEBAG_create_cert") }
        guard stack.withHandle({ OPENSSL_sk_push($0, UnsafeRawPointer(bag)) }) > 0 else {
            PKCS12_SAFEBAG_free(bag)
            throw CMSError.exhausted("OPENSSL_sk_push")
        }
        if let name, PKCS12_add_friendlyname_utf8(bag, name, Int32(clamping: name.utf8.count)) != 1 {
            throw CMSError.exhausted("PKCS12_add_friendlyname_utf8")
        }
        if var identifier, PKCS12_add_localkeyid(bag, &identifier, Int32(clamping: identifier.count)) != 1 {
            throw CMSError.exhausted("PKCS12_add_localkeyid")
        }
    }

    func finish() throws -> [UInt8] {
        let library = LibraryContext.shared
        guard
            let packed = ObjectStack(
                OPENSSL_sk_new_null(), release: { PKCS7_free(UnsafeMutablePointer<PKCS7>($0)) })
        else { throw CMSError.exhausted("OPENSSL_sk_new_null") }
        let locked = password.withCharacters { characters, count in
            certificates.withHandle {
                PKCS12_pack_p7encdata_ex(
                    NID_aes_256_cbc, characters, count, nil, 0, Self.iterations, $0, library, nil)
            }
        }
        for safe in [locked, keys.withHandle { PKCS12_pack_p7data($0) }] {
            guard let safe else { throw CMSError.exhausted("PKCS12_pack_p7data") }
            guard packed.withHandle({ OPENSSL_sk_push($0, safe) }) > 0 else {
                PKCS7_free(safe)
                throw CMSError.exhausted("OPENSSL_sk_push")
            }
        }
        guard let file = packed.withHandle({ PKCS12_add_safes_ex($0, 0, library, nil) }) else {
            throw CMSError.exhausted("PKCS12_add_safes_ex")
        }
        defer { PKCS12_free(file) }
        guard let digest = EVP_MD_fetch(library, "SHA256", nil) else { throw CMSError.exhausted("EVP_MD_fetch") }
        defer { EVP_MD_free(digest) }
        let status = password.withCharacters { PKCS12_set_mac(file, $0, $1, nil, 0, Self.iterations, digest) }
        guard status == 1 else { throw CMSError.exhausted("PKCS12_set_mac") }
        return try encodeDER { i2d_PKCS12(file, $0) }
    }
}
