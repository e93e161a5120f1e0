import COpenSSL
import Libcrypto

/// One who signs: a certificate, its private key and how the signature is made.
public struct CMSSigner: Sendable {
    public let certificate: X509Certificate
    public let hash: HashAlgorithm
    public let scheme: SignatureScheme
    let privateKey: CMSPrivateKey
    let identifier: CertificateIdentifierForm

    /// - Parameters:
    ///   - prefersPSS: RSASSA-PSS instead of PKCS#1 v1.5 for RSA keys that may do both.
    ///   - hash: one of SHA-256, SHA-384 and SHA-512; nil for the one that suits the key.
    ///
    /// Throws `keyMismatch`, `unsupported` for keys that cannot sign here (Ed25519 among them), `invalidArgument` for another
    /// hash or a certificate without the key identifier that is asked for.
    public init(
        certificate: X509Certificate, privateKey: CMSPrivateKey, prefersPSS: Bool = false, hash: HashAlgorithm? = nil,
        identifier: CertificateIdentifierForm = .issuerAndSerial
    ) throws {
        let fits = certificate.withHandle { certificate in
            privateKey.withHandle { X509_check_private_key(certificate, $0) == 1 }
        }
        guard fits else { throw CMSError.library(.keyMismatch, "the private key is not that of the certificate") }
        let (scheme, suitable) = try Self.method(certificate.keyAlgorithm, prefersPSS: prefersPSS, hash: hash)
        guard [.sha256, .sha384, .sha512].contains(suitable) else {
            throw CMSError(.invalidArgument, "signatures with \(suitable) are not made")
        }
        guard identifier == .issuerAndSerial || certificate.subjectKeyIdentifier != nil else {
            throw CMSError(.invalidArgument, "the certificate has no subject key identifier")
        }
        self.certificate = certificate
        self.privateKey = privateKey
        self.identifier = identifier
        self.scheme = scheme
        self.hash = suitable
    }

    private static func method(
        _ key: CertificateKeyAlgorithm, prefersPSS: Bool, hash: HashAlgorithm?
    ) throws -> (SignatureScheme, HashAlgorithm) {
        switch key {
        case .rsa(let bits):
            let hash = hash ?? (bits >= 7680 ? .sha512 : .sha256)
            return (prefersPSS ? .rsaPSS(saltSize: hash.digestSize) : .rsaPKCS1, hash)
        case .rsaPSS(let bits):
            let hash = hash ?? (bits >= 7680 ? .sha512 : .sha256)
            return (.rsaPSS(saltSize: hash.digestSize), hash)
        case .ec("prime256v1", _): return (.ecdsa, hash ?? .sha256)
        case .ec("secp384r1", _): return (.ecdsa, hash ?? .sha384)
        case .ec("secp521r1", _): return (.ecdsa, hash ?? .sha512)
        default: throw CMSError(.unsupported, "signatures with \(key) are not made")
        }
    }

    /// The name RFC 8551 section 3.5.3.2 has for the hash in `micalg`.
    public var micalg: String {
        switch hash {
        case .sha384: "sha-384"
        case .sha512: "sha-512"
        default: "sha-256"
        }
    }

    /// SignerInfo (RFC 5652 section 5.3) over a digest of the content.
    func signerInfo(contentDigest: [UInt8], options: SignedDataWriter.Options) throws -> [UInt8] {
        let attributes = try attributes(contentDigest: contentDigest, options: options)
        // RFC 5652 section 5.4: signed under the tag of SET, written under [0].
        let digest = try Digest.hash(hash, DER.set(attributes))
        let signature = try privateKey.withHandle { try scheme.sign(digest, hash: hash, key: $0) }
        let version: Int
        let name: [UInt8]
        switch (identifier, certificate.subjectKeyIdentifier) {
        case (.subjectKeyIdentifier, let key?): (version, name) = (3, DER.element(0x80, key))
        default: (version, name) = (1, certificate.identity.issuerAndSerial)
        }
        return DER.sequence(
            DER.integer(version), name, try AlgorithmIdentifier.hash(hash), DER.set(attributes, tag: 0xa0),
            try scheme.identifier(hash: hash).encoded, DER.octetString(signature))
    }

    private func attributes(contentDigest: [UInt8], options: SignedDataWriter.Options) throws -> [[UInt8]] {
        func attribute(_ id: ObjectID, _ value: [UInt8]) -> [UInt8] {
            DER.sequence(DER.objectID(id), DER.element(0x31, value))
        }
        var list = [
            attribute(.contentType, DER.objectID(.data)),
            attribute(.messageDigest, DER.octetString(contentDigest)),
            attribute(.signingTime, DER.time(options.signingTime)),
        ]
        if let capabilities = options.capabilities { list.append(attribute(.capabilities, capabilities.encoded)) }
        if options.bindsCertificate {
            // ESSCertIDv2 (RFC 5035 section 4) whose hash is the default, SHA-256.
            let issuer = DER.sequence(DER.element(0xa4, certificate.issuer.der))
            let serial = DER.element(0x02, certificate.identity.serial)
            let hash = try Digest.hash(.sha256, certificate.der)
            let entry = DER.sequence(DER.octetString(hash), DER.sequence(issuer, serial))
            list.append(attribute(.signingCertificateV2, DER.sequence(DER.sequence(entry))))
        }
        return list
    }
}
