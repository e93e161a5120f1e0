import COpenSSL
import Libcrypto
import MIME

/// A small authority that issues certificates for the users of one site. It remembers nothing: what was issued and
/// revoked is kept by its caller.
public struct CertificateAuthority: Sendable {
    public let certificate: X509Certificate
    private let key: CMSPrivateKey
    private let identifier: [UInt8]

    /// An authority that exists. Throws `keyMismatch`, `invalidArgument` for a certificate that is not one of an authority.
    public init(certificate: X509Certificate, key: CMSPrivateKey) throws {
        guard key.matches(certificate) else {
            throw CMSError(.keyMismatch, "private key and certificate do not belong together")
        }
        guard certificate.basicConstraints?.isAuthority == true,
            certificate.keyUsage.map({ $0.isSuperset(of: [.keyCertSign, .crlSign]) }) ?? true
        else { throw CMSError(.invalidArgument, "the certificate is not one of an authority") }
        self.certificate = certificate
        self.key = key
        identifier =
            try certificate.subjectKeyIdentifier ?? SignedStructure.keyIdentifier(SignedStructure.publicKey(key))
    }

    /// A new authority with a certificate that it signs itself.
    ///
    /// - Parameters:
    ///   - domains: the only domains it may issue for; any where the list is empty.
    ///   - now: Unix seconds.
    ///   - days: how long it lives.
    public static func create(
        name: CertificateName, key: CMSPrivateKey, domains: [DomainName] = [], at now: Int64, days: Int
    ) throws -> CertificateAuthority {
        guard domains.allSatisfy(\.isMapped) else {
            throw CMSError(.invalidArgument, "a domain of the authority is none")
        }
        let publicKey = try SignedStructure.publicKey(key)
        let identifier = try SignedStructure.keyIdentifier(publicKey)
        let extensions = [
            ExtensionWriter.lastAuthority, ExtensionWriter.keyUsage([.keyCertSign, .crlSign]),
            ExtensionWriter.subjectKeyIdentifier(identifier), domains.isEmpty ? [] : ExtensionWriter.permitted(domains),
        ]
        let certificate = try make(
            issuer: name.der, subject: name.der, publicKey: publicKey, extensions: extensions, key: key, at: now,
            days: days)
        return try CertificateAuthority(certificate: certificate, key: key)
    }

    /// Issues a certificate for a request; of what it asks for, only the key is taken over.
    public func issue(
        request: CertificateRequest, name: CertificateName, addresses: [EmailAddress], at now: Int64, days: Int
    ) throws -> X509Certificate {
        try issue(
            publicKey: request.publicKey, algorithm: request.keyAlgorithm, name: name, addresses: addresses, at: now,
            days: days)
    }

    /// Issues a certificate for a key of our own.
    public func issue(
        key: CMSPrivateKey, name: CertificateName, addresses: [EmailAddress], at now: Int64, days: Int
    ) throws -> X509Certificate {
        try issue(
            publicKey: SignedStructure.publicKey(key), algorithm: key.algorithm, name: name, addresses: addresses,
            at: now, days: days)
    }

    private func issue(
        publicKey: [UInt8], algorithm: CertificateKeyAlgorithm, name: CertificateName, addresses: [EmailAddress],
        at now: Int64, days: Int
    ) throws -> X509Certificate {
        defer { ERR_clear_error() }
        guard !addresses.isEmpty, addresses.allSatisfy(\.isDomainMapped) else {
            throw CMSError(.invalidArgument, "a certificate for mail needs an address")
        }
        let usage: KeyUsage
        switch algorithm {
        case .rsa(let bits) where (2048...8192).contains(bits): usage = [.digitalSignature, .keyEncipherment]
        case .ec(let curve, _) where KeyIdentifiers.curves.contains { $0.name == curve }:
            usage = [.digitalSignature, .keyAgreement]
        default: throw CMSError(.refusedByPolicy, "no certificate is issued for a key of \(algorithm)")
        }
        let extensions = [
            ExtensionWriter.keyUsage(usage), ExtensionWriter.emailProtection,
            ExtensionWriter.alternativeName(addresses),
            ExtensionWriter.subjectKeyIdentifier(try SignedStructure.keyIdentifier(publicKey)),
            ExtensionWriter.authorityKeyIdentifier(identifier),
        ]
        return try CertificateAuthority.make(
            issuer: certificate.subject.der, subject: name.der, publicKey: publicKey, extensions: extensions, key: key,
            at: now, days: days)
    }

    /// One certificate that is not valid any more.
    public struct Revocation: Sendable {
        public let identity: CertificateIdentity
        public let entry: RevocationEntry

        public init(_ identity: CertificateIdentity, _ entry: RevocationEntry) {
            self.identity = identity
            self.entry = entry
        }
    }

    /// Makes a revocation list. Those of other issuers are left out.
    ///
    /// - Parameters:
    ///   - number: grows with every list.
    ///   - now: Unix seconds.
    ///   - days: when the next list will be there at the latest.
    public func revocationList(
        _ revocations: [Revocation], number: Int, at now: Int64, days: Int
    ) throws -> RevocationList {
        defer { ERR_clear_error() }
        let own = revocations.filter { $0.identity.issuer == certificate.subject.der }
        let entries = own.map { revocation -> [UInt8] in
            let reason = revocation.entry.reason
            return DER.sequence(
                DER.element(DERReader.Tag.integer, revocation.identity.serial),
                DER.time(revocation.entry.date),
                reason == .unspecified ? [] : DER.sequence(ExtensionWriter.reason(reason)))
        }
        let extensions = DER.sequence(
            ExtensionWriter.authorityKeyIdentifier(identifier), ExtensionWriter.listNumber(number))
        let times = try DER.time(now) + DER.time(CertificateAuthority.end(now, days))
        let der = try SignedStructure.make(
            { algorithm in
                DER.sequence(
                    [2, 1, 1], algorithm, certificate.subject.der, times,
                    entries.isEmpty ? [] : DER.sequence(Array(entries.joined())),
                    DER.element(DERReader.Tag.context(0), extensions))
            }, key: key)
        return try RevocationList(der: der)
    }

    private static func make(
        issuer: [UInt8], subject: [UInt8], publicKey: [UInt8], extensions: [[UInt8]], key: CMSPrivateKey,
        at now: Int64, days: Int
    ) throws -> X509Certificate {
        // Twenty octets, positive and without a zero in front (RFC 5280 section 4.1.2.2).
        var serial = try SecureRandom.bytes(20)
        serial[0] = serial[0] & 0x3F | 0x40
        let validity = DER.sequence(DER.time(now), DER.time(try end(now, days)))
        let der = try SignedStructure.make(
            { algorithm in
                DER.sequence(
                    DER.element(DERReader.Tag.context(0), [2, 1, 2]),
                    DER.element(DERReader.Tag.integer, serial), algorithm, issuer, validity, subject, publicKey,
                    DER.element(
                        DERReader.Tag.context(3), DER.sequence(Array(extensions.joined()))))
            }, key: key)
        return try X509Certificate(der: der)
    }

    private static func end(_ now: Int64, _ days: Int) throws -> Int64 {
        guard (1...36_500).contains(days), (0..<200_000_000_000).contains(now) else {
            throw CMSError(.invalidArgument, "\(days) days are out of range")
        }
        return now + Int64(days) * 86_400
    }
}
