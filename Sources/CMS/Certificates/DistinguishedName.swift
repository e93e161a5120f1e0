import COpenSSL

/// A distinguished name (RFC 5280 section 4.1.2.4).
public struct DistinguishedName: Hashable, Sendable, CustomStringConvertible {
    /// The DER encoding; what names are compared by.
    public let der: [UInt8]
    /// In the form of RFC 4514, with control characters escaped.
    public let text: String

    public var description: String { text }

    public static func == (a: Self, b: Self) -> Bool { a.der == b.der }
    public func hash(into hasher: inout Hasher) { hasher.combine(der) }

    /// Copies an `X509_NAME`.
    init(_ name: OpaquePointer?) throws {
        guard let name else { throw CMSError.library(.malformed, "a name is missing") }
        der = try encodeDER { i2d_X509_NAME(name, $0) }
        let output = try MemoryOutput()
        _ = output.withHandle { X509_NAME_print_ex($0, name, 0, guardd_name_flags()) }
        text = String(decoding: output.bytes, as: UTF8.self)
        ERR_clear_error()
    }
}

/// What tells certificates apart (RFC 5652 section 10.2.4): who issued it under which number.
public struct CertificateIdentity: Hashable, Sendable {
    /// The DER encoding of the issuer's name.
    public let issuer: [UInt8]
    /// The serial number as the content octets of its INTEGER, most significant first.
    public let serial: [UInt8]

    public init(issuer: [UInt8], serial: [UInt8]) {
        self.issuer = issuer
        self.serial = serial
    }
}
