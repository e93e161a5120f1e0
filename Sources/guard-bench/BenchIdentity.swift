import CMS
import COpenSSL
import Libcrypto

/// A fresh key and its self-signed certificate, for us and for libcrypto's own CMS.
final class BenchIdentity {
    enum Algorithm: String {
        case rsa2048, p256
    }

    let key: OpaquePointer
    let x509: OpaquePointer
    let certificate: X509Certificate
    let privateKey: CMSPrivateKey

    init(_ algorithm: Algorithm) throws {
        let (name, parameter) =
            algorithm == .rsa2048 ? ("RSA", "rsa_keygen_bits") : ("EC", "ec_paramgen_curve")
        let value = algorithm == .rsa2048 ? "2048" : "P-256"
        let context = EVP_PKEY_CTX_new_from_name(nil, name, nil)
        defer { EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_ctrl_str(context, parameter, value) == 1,
            EVP_PKEY_generate(context, &made) == 1, let made, let x509 = X509_new()
        else { throw CMSError(.internalFailure, "no key for the bench") }
        key = made
        self.x509 = x509
        X509_set_version(x509, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(x509), 4711)
        X509_gmtime_adj(X509_getm_notBefore(x509), -1000)
        X509_gmtime_adj(X509_getm_notAfter(x509), 1_000_000)
        X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8, "Bench \(name)", -1, -1, 0)
        X509_set_issuer_name(x509, X509_get_subject_name(x509))
        X509_set_pubkey(x509, made)
        guard X509_sign(x509, made, EVP_sha256()) > 0 else { throw CMSError(.internalFailure, "no certificate") }
        var text: UnsafeMutablePointer<UInt8>?
        let count = Int(i2d_X509(x509, &text))
        certificate = try X509Certificate(der: Array(UnsafeBufferPointer(start: text, count: max(0, count))))
        CRYPTO_free(text, nil, 0)
        let info = EVP_PKEY2PKCS8(made)
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        var secret: UnsafeMutablePointer<UInt8>?
        let size = Int(i2d_PKCS8_PRIV_KEY_INFO(info, &secret))
        privateKey = try CMSPrivateKey(
            SecretBytes(copying: Array(UnsafeBufferPointer(start: secret, count: max(0, size)))))
        CRYPTO_free(secret, nil, 0)
    }

    deinit {
        EVP_PKEY_free(key)
        X509_free(x509)
    }
}
