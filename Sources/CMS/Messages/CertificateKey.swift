import COpenSSL

extension X509Certificate {
    /// Lends the `EVP_PKEY` of the certificate. Throws `unsupported` where libcrypto cannot read it.
    func withPublicKey<R>(_ body: (OpaquePointer) throws -> R) throws -> R {
        try withHandle { certificate in
            guard let key = X509_get0_pubkey(certificate) else {
                throw CMSError.library(.unsupported, "keys of type \(keyAlgorithm)")
            }
            return try body(key)
        }
    }
}
