import COpenSSL
import MIME

/// A mail address a certificate was issued for.
public struct CertificateAddress: Hashable, Sendable {
    /// Where in the certificate it stands.
    public enum Kind: String, Sendable {
        /// An rfc822Name in the subjectAltName extension (RFC 5280 section 4.2.1.6).
        case rfc822Name
        /// An otherName SmtpUTF8Mailbox in the subjectAltName extension (RFC 9598).
        case smtpUTF8Mailbox
        /// An emailAddress attribute of the subject, read only where there is no subjectAltName (RFC 8550 section 3).
        case subjectAttribute
    }

    public let kind: Kind
    /// The octets as they stand there, which may be anything.
    public let raw: [UInt8]
    /// The address; nil where the octets are none, or are none of the kind: white space, NUL, a display name, a
    /// non-ASCII rfc822Name, an SmtpUTF8Mailbox that an rfc822Name could hold.
    public let address: EmailAddress?

    init(_ kind: Kind, _ raw: [UInt8]) {
        self.kind = kind
        self.raw = raw
        let parsed = String(validating: raw, as: UTF8.self).flatMap { EmailAddress($0) }
        let isASCII = raw.allSatisfy { $0 < 0x80 }
        switch kind {
        case .rfc822Name, .subjectAttribute: address = isASCII ? parsed : nil
        case .smtpUTF8Mailbox: address = parsed.flatMap { $0.needsUTF8 ? $0 : nil }
        }
    }
}

extension CertificateAddress {
    /// More names than this are not looked at: no certificate of a person has them.
    static let maximumNames = 1000

    /// The emailAddress attributes of an `X509_NAME`.
    static func inSubject(_ name: OpaquePointer?) -> [CertificateAddress] {
        var found: [CertificateAddress] = []
        var position = X509_NAME_get_index_by_NID(name, NID_pkcs9_emailAddress, -1)
        while position >= 0, found.count < maximumNames {
            let value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, position))
            let type = ASN1_STRING_type(value)
            if type == V_ASN1_IA5STRING || type == V_ASN1_UTF8STRING || type == V_ASN1_PRINTABLESTRING {
                found.append(CertificateAddress(.subjectAttribute, octets(value)))
            }
            position = X509_NAME_get_index_by_NID(name, NID_pkcs9_emailAddress, position)
        }
        return found
    }

    /// The addresses in a `GENERAL_NAMES`, which is freed.
    static func inAlternativeName(_ stack: OpaquePointer?) -> [CertificateAddress] {
        let owned = ObjectStack(stack, release: { GENERAL_NAME_free(UnsafeMutablePointer<GENERAL_NAME>($0)) })
        guard let owned, owned.count <= maximumNames else { return [] }
        var found: [CertificateAddress] = []
        owned.forEach { handle in
            let name = UnsafeMutablePointer<GENERAL_NAME>(handle).pointee
            if name.type == GEN_EMAIL {
                found.append(CertificateAddress(.rfc822Name, octets(name.d.rfc822Name)))
            } else if name.type == GEN_OTHERNAME, let other = name.d.otherName?.pointee,
                OBJ_obj2nid(other.type_id) == NID_id_on_SmtpUTF8Mailbox, let value = other.value?.pointee,
                value.type == V_ASN1_UTF8STRING
            {
                found.append(CertificateAddress(.smtpUTF8Mailbox, octets(value.value.utf8string)))
            }
        }
        return found
    }
}

extension X509Certificate {
    /// Every mail address in the certificate, in its order.
    public var emailAddresses: [CertificateAddress] {
        guard hasExtension(NID_subject_alt_name) else {
            return withHandle { CertificateAddress.inSubject(X509_get_subject_name($0)) }
        }
        return CertificateAddress.inAlternativeName(decodedExtension(NID_subject_alt_name).map { OpaquePointer($0) })
    }

    /// Whether the certificate was issued for exactly this address: the local part octet for octet, the domain as
    /// A-labels in lower case. An address whose domain cannot be mapped matches nothing.
    public func matches(address: EmailAddress) -> Bool {
        address.isDomainMapped && emailAddresses.contains { $0.address == address }
    }
}
