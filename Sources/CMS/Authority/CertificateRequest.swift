import COpenSSL
import Libcrypto
import MIME

/// A request for a certificate (PKCS#10, RFC 2986).
public struct CertificateRequest: Sendable {
    /// Larger requests are refused. Octets.
    public static let maximumSize = 64 << 10

    public let der: [UInt8]
    public let subject: DistinguishedName
    /// What its alternative name asks for; with none, the emailAddress attributes of the subject.
    public let emailAddresses: [CertificateAddress]
    /// The key in it, as SubjectPublicKeyInfo.
    public let publicKey: [UInt8]
    public let keyAlgorithm: CertificateKeyAlgorithm

    /// Makes a request for a key.
    public init(key: CMSPrivateKey, name: CertificateName, addresses: [EmailAddress]) throws {
        defer { ERR_clear_error() }
        let publicKey = try SignedStructure.publicKey(key)
        // extensionRequest (RFC 2985 section 5.4.2).
        let attribute = DER.sequence(
            DER.objectID(ObjectID(1, 2, 840, 113549, 1, 9, 14)),
            DER.element(0x31, DER.sequence(ExtensionWriter.alternativeName(addresses))))
        let body = DER.sequence(
            [2, 1, 0], name.der, publicKey,
            DER.element(DERReader.Tag.context(0), addresses.isEmpty ? [] : attribute))
        try self.init(der: SignedStructure.make({ _ in body }, key: key))
    }

    /// Reads a request in DER or PEM and verifies that its sender has the key.
    ///
    /// - Throws: `malformed`, `limitExceeded`, `badSignature`, `unexpectedData`.
    public init(_ bytes: [UInt8]) throws {
        guard bytes.count <= 2 * CertificateRequest.maximumSize else {
            throw CMSError(.limitExceeded, "a request of \(bytes.count) octets is too large")
        }
        guard PEM.isLikely(bytes.span) else {
            try self.init(der: bytes)
            return
        }
        let labels = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"]
        guard let block = try PEM.blocks(bytes.span).first(where: { labels.contains($0.label) }) else {
            throw CMSError(.unexpectedData, "there is no certificate request in the text")
        }
        try self.init(der: block.content.withBytes { $0.copy(0..<$0.count) })
    }

    private init(der: [UInt8]) throws {
        guard der.count <= CertificateRequest.maximumSize else {
            throw CMSError(.limitExceeded, "a request of \(der.count) octets is too large")
        }
        defer { ERR_clear_error() }
        var empty = X509_REQ_new_ex(LibraryContext.shared, nil)
        guard empty != nil else { throw CMSError.exhausted("X509_REQ_new_ex") }
        guard let read = decodeDER(der, { d2i_X509_REQ(&empty, $0, $1) }) else {
            throw CMSError(.malformed, "a certificate request is damaged")
        }
        let request = read.object
        defer { X509_REQ_free(request) }
        guard read.isComplete else { throw CMSError(.malformed, "a certificate request is damaged") }
        guard let key = X509_REQ_get0_pubkey(request) else {
            throw CMSError.library(.unsupported, "the key in the certificate request is not supported")
        }
        guard X509_REQ_verify_ex(request, key, LibraryContext.shared, nil) == 1 else {
            throw CMSError.library(.badSignature, "the signature on the certificate request is wrong")
        }
        self.der = der
        keyAlgorithm = CertificateKeyAlgorithm(key: key)
        publicKey = try encodeDER { i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request), $0) }
        subject = try DistinguishedName(X509_REQ_get_subject_name(request))
        emailAddresses = try CertificateRequest.addresses(request)
    }

    private static func addresses(_ request: OpaquePointer) throws -> [CertificateAddress] {
        let extensions = ObjectStack(X509_REQ_get_extensions(request), release: { X509_EXTENSION_free($0) })
        guard let extensions else { return CertificateAddress.inSubject(X509_REQ_get_subject_name(request)) }
        return try extensions.withHandle { list in
            var status: Int32 = 0
            let names = X509V3_get_d2i(list, NID_subject_alt_name, &status, nil)
            if let names { return CertificateAddress.inAlternativeName(OpaquePointer(names)) }
            // -1: there is none.
            guard status == -1 else { throw CMSError(.malformed, "an extension of the request is damaged") }
            return CertificateAddress.inSubject(X509_REQ_get_subject_name(request))
        }
    }

    /// The request in PEM.
    public var pem: [UInt8] { PEM.encode(der, label: "CERTIFICATE REQUEST") }
}
