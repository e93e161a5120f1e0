import COpenSSL

/// What a certificate may be used for (RFC 5280 section 4.2.1.3).
public struct KeyUsage: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let digitalSignature = KeyUsage(rawValue: 0x80)
    public static let nonRepudiation = KeyUsage(rawValue: 0x40)
    public static let keyEncipherment = KeyUsage(rawValue: 0x20)
    public static let dataEncipherment = KeyUsage(rawValue: 0x10)
    public static let keyAgreement = KeyUsage(rawValue: 0x08)
    public static let keyCertSign = KeyUsage(rawValue: 0x04)
    public static let crlSign = KeyUsage(rawValue: 0x02)
    public static let encipherOnly = KeyUsage(rawValue: 0x01)
    public static let decipherOnly = KeyUsage(rawValue: 0x8000)
}

/// Whether a certificate is one of an authority (RFC 5280 section 4.2.1.9).
public struct BasicConstraints: Hashable, Sendable {
    public let isAuthority: Bool
    /// How many intermediate certificates may follow; nil for any number.
    public let pathLength: Int?

    public init(isAuthority: Bool, pathLength: Int?) {
        self.isAuthority = isAuthority
        self.pathLength = pathLength
    }
}

/// What a public key can do, and how strong it is.
public enum CertificateKeyAlgorithm: Hashable, Sendable, CustomStringConvertible {
    /// RSA; bits of the modulus.
    case rsa(Int)
    /// RSA that may make RSASSA-PSS signatures only; bits of the modulus.
    case rsaPSS(Int)
    /// An elliptic curve of short Weierstrass form, by the name libcrypto has for it (`prime256v1`), and its bits.
    case ec(String, Int)
    /// Ed25519, Ed448, X25519 or X448, by that name.
    case edwards(String)
    /// DSA; bits of the modulus.
    case dsa(Int)
    /// Anything else, by its object identifier.
    case other(String)

    public var description: String {
        switch self {
        case .rsa(let bits): "RSA-\(bits)"
        case .rsaPSS(let bits): "RSA-PSS-\(bits)"
        case .ec("prime256v1", _): "P-256"
        case .ec("secp384r1", _): "P-384"
        case .ec("secp521r1", _): "P-521"
        case .ec(let curve, _): curve
        case .edwards(let name): name
        case .dsa(let bits): "DSA-\(bits)"
        case .other(let identifier): identifier
        }
    }

    /// What an `EVP_PKEY` holds.
    init(key: OpaquePointer) {
        let bits = Int(EVP_PKEY_get_bits(key))
        switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA: self = .rsa(bits)
        case EVP_PKEY_RSA_PSS: self = .rsaPSS(bits)
        case EVP_PKEY_DSA: self = .dsa(bits)
        case EVP_PKEY_EC:
            var name = [CChar](repeating: 0, count: 80)
            var count = 0
            let isNamed = EVP_PKEY_get_group_name(key, &name, name.count, &count) == 1
            let text = String(decoding: name.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            self = .ec(isNamed ? text : "unnamed", bits)
        case EVP_PKEY_ED25519: self = .edwards("Ed25519")
        case EVP_PKEY_ED448: self = .edwards("Ed448")
        case EVP_PKEY_X25519: self = .edwards("X25519")
        case EVP_PKEY_X448: self = .edwards("X448")
        default: self = .other("unknown")
        }
        ERR_clear_error()
    }
}

extension X509Certificate {
    /// The OID of extended key usage for mail (RFC 5280 section 4.2.1.12).
    public static let emailProtection = "1.3.6.1.5.5.7.3.4"
    /// The OID of extended key usage for anything.
    public static let anyExtendedKeyUsage = "2.5.29.37.0"

    /// What the issuer signed it with, by libcrypto's name (`RSA-SHA256`, `ecdsa-with-SHA256`); for information only.
    public var signatureAlgorithm: String {
        withHandle { certificate in OBJ_nid2sn(X509_get_signature_nid(certificate)).map { String(cString: $0) } }
            ?? "unknown"
    }

    /// The algorithm and size of the public key.
    public var keyAlgorithm: CertificateKeyAlgorithm {
        withHandle { certificate in
            if let key = X509_get0_pubkey(certificate) { return CertificateKeyAlgorithm(key: key) }
            ERR_clear_error()
            var algorithm: OpaquePointer?
            X509_PUBKEY_get0_param(&algorithm, nil, nil, nil, X509_get_X509_PUBKEY(certificate))
            return .other(dotted(algorithm))
        }
    }

    /// The key usage extension; nil where there is none, which allows everything. A damaged one allows nothing.
    public var keyUsage: KeyUsage? {
        guard hasExtension(NID_key_usage) else { return nil }
        return withHandle { certificate in
            guard !isDamaged else { return [] }
            return KeyUsage(rawValue: X509_get_key_usage(certificate))
        }
    }

    /// The OIDs of the extended key usage extension; nil where there is none. A damaged one gives an empty list.
    public var extendedKeyUsage: [String]? {
        guard hasExtension(NID_ext_key_usage) else { return nil }
        guard
            let list = ObjectStack(
                decodedExtension(NID_ext_key_usage).map { OpaquePointer($0) }, release: { ASN1_OBJECT_free($0) })
        else { return [] }
        var names: [String] = []
        list.forEach { names.append(dotted($0)) }
        return names
    }

    /// The basic constraints extension; nil where there is none or a damaged one.
    public var basicConstraints: BasicConstraints? {
        guard let raw = decodedExtension(NID_basic_constraints) else { return nil }
        let constraints = raw.assumingMemoryBound(to: BASIC_CONSTRAINTS.self)
        defer { BASIC_CONSTRAINTS_free(constraints) }
        var length: Int?
        if let limit = constraints.pointee.pathlen { length = Int(max(0, ASN1_INTEGER_get(limit))) }
        ERR_clear_error()
        return BasicConstraints(isAuthority: constraints.pointee.ca != 0, pathLength: length)
    }

    /// The subject key identifier extension; nil where there is none.
    public var subjectKeyIdentifier: [UInt8]? {
        withHandle { certificate in X509_get0_subject_key_id(certificate).map { octets($0) } }
    }

    /// Whether libcrypto found an extension that contradicts its grammar, or one that is there twice.
    var isDamaged: Bool { withHandle { X509_get_extension_flags($0) & UInt32(EXFLAG_INVALID) != 0 } }

    func hasExtension(_ identifier: Int32) -> Bool {
        withHandle { X509_get_ext_by_NID($0, identifier, -1) >= 0 }
    }

    /// A decoded extension, owned by the caller; nil where it is missing, damaged or there twice.
    func decodedExtension(_ identifier: Int32) -> UnsafeMutableRawPointer? {
        withHandle { certificate in
            defer { ERR_clear_error() }
            return X509_get_ext_d2i(certificate, identifier, nil, nil)
        }
    }
}
