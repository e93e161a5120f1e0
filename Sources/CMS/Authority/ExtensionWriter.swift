import MIME

/// Encodes the extensions that are written here (RFC 5280 section 4.2).
enum ExtensionWriter {
    private static func make(_ identifier: [UInt8], critical: Bool = false, _ value: [UInt8]) -> [UInt8] {
        DERWriter.sequence(
            ObjectIdentifiers.element(identifier), critical ? [1, 1, 0xFF] : [],
            DERWriter.element(DERReader.Tag.octetString, value))
    }

    static func subjectKeyIdentifier(_ identifier: [UInt8]) -> [UInt8] {
        make([0x55, 0x1D, 0x0E], DERWriter.element(DERReader.Tag.octetString, identifier))
    }

    static func authorityKeyIdentifier(_ identifier: [UInt8]) -> [UInt8] {
        make([0x55, 0x1D, 0x23], DERWriter.sequence(DERWriter.element(0x80, identifier)))
    }

    /// An authority whose certificates go to users only.
    static let lastAuthority = make(
        [0x55, 0x1D, 0x13], critical: true, DERWriter.sequence([1, 1, 0xFF], [2, 1, 0]))

    /// Usages of the first octet only.
    static func keyUsage(_ usage: KeyUsage) -> [UInt8] {
        let octet = UInt8(truncatingIfNeeded: usage.rawValue)
        return make(
            [0x55, 0x1D, 0x0F], critical: true,
            DERWriter.element(
                DERReader.Tag.bitString, [UInt8(truncatingIfNeeded: octet.trailingZeroBitCount & 7), octet]))
    }

    static let emailProtection = make(
        [0x55, 0x1D, 0x25],
        DERWriter.sequence(ObjectIdentifiers.element([0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x04])))

    static func alternativeName(_ addresses: [EmailAddress]) -> [UInt8] {
        let names = addresses.map { address -> [UInt8] in
            let text = Array(address.canonical.utf8)
            guard address.needsUTF8 else { return DERWriter.element(0x81, text) }
            // SmtpUTF8Mailbox (RFC 9598).
            return DERWriter.element(
                0xA0, ObjectIdentifiers.element([0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x09]),
                DERWriter.element(DERReader.Tag.context(0), DERWriter.element(DERReader.Tag.utf8String, text)))
        }
        return make([0x55, 0x1D, 0x11], DERWriter.sequence(Array(names.joined())))
    }

    /// Mail addresses of these domains only.
    static func permitted(_ domains: [DomainName]) -> [UInt8] {
        let trees = domains.map { DERWriter.sequence(DERWriter.element(0x81, Array($0.text.utf8))) }
        return make(
            [0x55, 0x1D, 0x1E], critical: true,
            DERWriter.sequence(DERWriter.element(DERReader.Tag.context(0), Array(trees.joined()))))
    }

    static func listNumber(_ number: Int) -> [UInt8] { make([0x55, 0x1D, 0x14], DER.integer(number)) }

    static func reason(_ reason: RevocationReason) -> [UInt8] {
        make([0x55, 0x1D, 0x15], [0x0A, 1, UInt8(truncatingIfNeeded: reason.rawValue)])
    }
}
