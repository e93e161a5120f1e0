import COpenSSL
import Libcrypto

/// An X.509 certificate (RFC 5280), read strictly: its octets are the one DER encoding of what they mean.
///
/// Reading says nothing about trust; see ``ChainValidator``.
public final class X509Certificate: @unchecked Sendable {
    /// Larger certificates are refused. Octets.
    public static let maximumSize = 64 << 10

    private let pointer: OpaquePointer
    /// The DER encoding.
    public let der: [UInt8]
    /// Issuer and serial number.
    public let identity: CertificateIdentity
    public let subject: DistinguishedName
    public let issuer: DistinguishedName
    /// Valid from this second on, Unix time.
    public let notBefore: Int64
    /// Valid up to and including this second, Unix time.
    public let notAfter: Int64

    /// Reads one certificate. Throws `malformed`, `limitExceeded`.
    public init(der: [UInt8]) throws {
        guard der.count <= X509Certificate.maximumSize else {
            throw CMSError(.limitExceeded, "a certificate of \(der.count) octets is too large")
        }
        var empty = X509_new_ex(LibraryContext.shared, nil)
        guard empty != nil else { throw CMSError.exhausted("X509_new_ex") }
        // A failed d2i frees what it was given and sets it to nil.
        guard let read = decodeDER(der, { d2i_X509(&empty, $0, $1) }) else {
            throw CMSError(.malformed, "a certificate is damaged")
        }
        let pointer = read.object
        do {
            guard read.isComplete, try encodeDER({ i2d_X509(pointer, $0) }) == der else {
                throw CMSError(.malformed, "a certificate is not in DER")
            }
            guard let notBefore = unixSeconds(X509_get0_notBefore(pointer)),
                let notAfter = unixSeconds(X509_get0_notAfter(pointer))
            else { throw CMSError(.malformed, "a certificate has a damaged date") }
            self.notBefore = notBefore
            self.notAfter = notAfter
            subject = try DistinguishedName(X509_get_subject_name(pointer))
            issuer = try DistinguishedName(X509_get_issuer_name(pointer))
            identity = CertificateIdentity(issuer: issuer.der, serial: serialOctets(X509_get0_serialNumber(pointer)))
        } catch {
            X509_free(pointer)
            throw error
        }
        self.der = der
        self.pointer = pointer
        // Fills the cache of extensions now, while nobody else has the object.
        X509_check_purpose(pointer, -1, 0)
        ERR_clear_error()
    }

    /// Reads the first certificate in PEM text. Throws `malformed`, `limitExceeded`, `unexpectedData`.
    public convenience init(pem: [UInt8]) throws {
        guard let first = try PEM.blocks(pem.span).first(where: { X509Certificate.labels.contains($0.label) }) else {
            throw CMSError(.unexpectedData, "there is no certificate in the text")
        }
        try self.init(der: first.content.withBytes { $0.copy(0..<$0.count) })
    }

    /// Copies an `X509` that another structure owns.
    package convenience init(copying handle: OpaquePointer) throws {
        try self.init(der: encodeDER { i2d_X509(handle, $0) })
    }

    deinit { X509_free(pointer) }

    /// Lends the `X509`, which must not be changed.
    package func withHandle<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(pointer)
    }

    static let labels: Set<String> = ["CERTIFICATE", "X509 CERTIFICATE"]

    /// The certificate in PEM.
    public var pem: [UInt8] { PEM.encode(der, label: "CERTIFICATE") }

    /// The serial number in upper-case hexadecimal, two digits an octet, with a minus sign where it is negative.
    public var serial: String {
        let isNegative = withHandle { ASN1_STRING_type(X509_get0_serialNumber($0)) == V_ASN1_NEG_INTEGER }
        let magnitude = withHandle { octets(X509_get0_serialNumber($0)) }
        return (isNegative ? "-" : "") + hexadecimal(magnitude.isEmpty ? [0] : magnitude)
    }

    /// SHA-256 over the DER encoding.
    public var fingerprint: [UInt8] {
        get throws { try Digest.hash(.sha256, der) }
    }

    /// Whether subject and issuer are the same name. Nothing is verified.
    public var isSelfIssued: Bool { subject == issuer }
}

extension X509Certificate: Hashable {
    public static func == (a: X509Certificate, b: X509Certificate) -> Bool { a.der == b.der }
    public func hash(into hasher: inout Hasher) { hasher.combine(identity) }
}

/// Upper-case hexadecimal without separators.
func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// The content octets of an INTEGER.
func serialOctets(_ number: UnsafePointer<ASN1_INTEGER>?) -> [UInt8] {
    let encoded = (try? encodeDER { i2d_ASN1_INTEGER(number, $0) }) ?? []
    let bytes = encoded.span
    var reader = DERReader(0..<bytes.count)
    return (try? reader.take(DERReader.Tag.integer, bytes)).map { bytes.copy($0) } ?? []
}
