import COpenSSL

extension X509Certificate {
    /// The key identifier of the issuer (RFC 5280 section 4.2.1.1); nil where the certificate does not name it.
    public var authorityKeyIdentifier: [UInt8]? {
        withHandle { certificate in
            guard let found = X509_get0_authority_key_id(certificate) else { return nil }
            let count = Int(ASN1_STRING_length(found))
            guard count > 0, count <= 64, let bytes = ASN1_STRING_get0_data(found) else { return nil }
            return [UInt8](UnsafeBufferPointer(start: bytes, count: count))
        }
    }
}
