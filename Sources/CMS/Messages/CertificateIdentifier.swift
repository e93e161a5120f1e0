/// How a message names the certificate of a signer or recipient (RFC 5652 sections 5.3 and 6.2).
public enum CertificateIdentifier: Hashable, Sendable {
    case issuerAndSerial(CertificateIdentity)
    case subjectKeyIdentifier([UInt8])

    /// Reads either from the element that comes next: SEQUENCE, or [0] with the key identifier.
    init(_ reader: inout BERReader, _ name: String) throws {
        switch reader.nextTag {
        case 0x30: self = try .issuerAndSerial(Self.identity(reader.inside(reader.next())))
        case 0x80: self = .subjectKeyIdentifier(reader.octets(try reader.next()))
        default: throw CMSError(.malformed, "\(name) is missing at octet \(reader.position)")
        }
    }

    /// IssuerAndSerialNumber (RFC 5652 section 10.2.4).
    private static func identity(_ inside: BERReader) throws -> CertificateIdentity {
        var inside = inside
        let issuer = inside.encoding(try inside.next(0x30, "issuer"))
        let serial = inside.octets(try inside.next(0x02, "serial number"))
        try inside.expectEnd("issuer and serial number")
        return CertificateIdentity(issuer: issuer, serial: serial)
    }

    /// Whether this is the certificate.
    public func matches(_ certificate: X509Certificate) -> Bool {
        switch self {
        case .issuerAndSerial(let identity): identity == certificate.identity
        case .subjectKeyIdentifier(let key): key == certificate.subjectKeyIdentifier
        }
    }
}

/// Which of the two a writer uses.
public enum CertificateIdentifierForm: Sendable {
    case issuerAndSerial, subjectKeyIdentifier
}

extension CertificateIdentity {
    /// IssuerAndSerialNumber (RFC 5652 section 10.2.4).
    var issuerAndSerial: [UInt8] { DER.sequence(issuer, DER.element(0x02, serial)) }
}
