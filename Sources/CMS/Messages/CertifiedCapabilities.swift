import COpenSSL

extension X509Certificate {
    /// The ciphers that the certificate says its owner reads (RFC 4262); nil where it has no such extension or an
    /// unreadable one.
    public var capabilities: SMIMECapabilities? {
        let value: [UInt8]? = withHandle { certificate in
            let index = X509_get_ext_by_NID(certificate, NID_SMIMECapabilities, -1)
            guard index >= 0, let found = X509_get_ext(certificate, index), let data = X509_EXTENSION_get_data(found)
            else { return nil }
            let count = Int(ASN1_STRING_length(data))
            guard count > 0, count <= 4096, let bytes = ASN1_STRING_get0_data(data) else { return nil }
            return [UInt8](UnsafeBufferPointer(start: bytes, count: count))
        }
        return value.flatMap { try? SMIMECapabilities($0) }
    }
}
