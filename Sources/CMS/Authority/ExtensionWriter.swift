import MIME

/// Encodes the extensions that are written here (RFC 5280 section 4.2).
enum ExtensionWriter {
    private static func make(_ identifier: ObjectID, critical: Bool = false, _ value: [UInt8]) -> [UInt8] {
        DER.sequence(
            DER.objectID(identifier), critical ? [1, 1, 0xFF] : [],
            DER.element(DERReader.Tag.octetString, value))
    }

    static func subjectKeyIdentifier(_ identifier: [UInt8]) -> [UInt8] {
        make(.subjectKeyIdentifier, DER.element(DERReader.Tag.octetString, identifier))
    }

    static func authorityKeyIdentifier(_ identifier: [UInt8]) -> [UInt8] {
        make(ObjectID(2, 5, 29, 35), DER.sequence(DER.element(0x80, identifier)))
    }

    /// An authority whose certificates go to users only.
    static let lastAuthority = make(
        ObjectID(2, 5, 29, 19), critical: true, DER.sequence([1, 1, 0xFF], [2, 1, 0]))

    /// Usages of the first octet only.
    static func keyUsage(_ usage: KeyUsage) -> [UInt8] {
        let octet = UInt8(truncatingIfNeeded: usage.rawValue)
        return make(
            ObjectID(2, 5, 29, 15), critical: true,
            DER.element(
                DERReader.Tag.bitString, [UInt8(truncatingIfNeeded: octet.trailingZeroBitCount & 7), octet]))
    }

    static let emailProtection = make(
        ObjectID(2, 5, 29, 37),
        DER.sequence(DER.objectID(ObjectID(1, 3, 6, 1, 5, 5, 7, 3, 4))))

    static func alternativeName(_ addresses: [EmailAddress]) -> [UInt8] {
        let names = addresses.map { address -> [UInt8] in
            let text = Array(address.canonical.utf8)
            guard address.needsUTF8 else { return DER.element(0x81, text) }
            // SmtpUTF8Mailbox (RFC 9598).
            return DER.element(
                0xA0, DER.objectID(ObjectID(1, 3, 6, 1, 5, 5, 7, 8, 9)),
                DER.element(DERReader.Tag.context(0), DER.element(DERReader.Tag.utf8String, text)))
        }
        return make(ObjectID(2, 5, 29, 17), DER.sequence(Array(names.joined())))
    }

    /// Mail addresses of these domains only.
    static func permitted(_ domains: [DomainName]) -> [UInt8] {
        let trees = domains.map { DER.sequence(DER.element(0x81, Array($0.text.utf8))) }
        return make(
            ObjectID(2, 5, 29, 30), critical: true,
            DER.sequence(DER.element(DERReader.Tag.context(0), Array(trees.joined()))))
    }

    static func listNumber(_ number: Int) -> [UInt8] { make(ObjectID(2, 5, 29, 20), DER.integer(number)) }

    static func reason(_ reason: RevocationReason) -> [UInt8] {
        make(ObjectID(2, 5, 29, 21), [0x0A, 1, UInt8(truncatingIfNeeded: reason.rawValue)])
    }
}
