/// What a certificate is to be issued to: the parts of a distinguished name that make sense for mail.
public struct CertificateName: Hashable, Sendable {
    /// The common name: a person, or what an authority is called. At most 64 characters (RFC 5280 appendix A.1).
    public let commonName: String
    public let organization: String?

    /// Nil for a part that is empty, longer than 64 characters or holds control characters.
    public init?(commonName: String, organization: String? = nil) {
        for part in [commonName, organization].compactMap({ $0 }) {
            guard !part.isEmpty, part.unicodeScalars.count <= 64,
                !part.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
            else { return nil }
        }
        self.commonName = commonName
        self.organization = organization
    }

    /// The DER encoding of the Name.
    var der: [UInt8] {
        func attribute(_ type: UInt, _ value: String) -> [UInt8] {
            DER.element(
                0x31,
                DER.sequence(
                    DER.objectID(ObjectID(2, 5, 4, type)),
                    DER.element(DERReader.Tag.utf8String, Array(value.utf8))))
        }
        return DER.sequence(organization.map { attribute(10, $0) } ?? [], attribute(3, commonName))
    }
}
