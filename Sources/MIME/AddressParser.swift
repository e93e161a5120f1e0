/// The one reader of address fields: RFC 5322 with its obsolete forms, and RFC 6531.
///
/// It never guesses. Whatever readers are known to understand differently is reported as ``AmbiguityReason``.
public enum AddressParser {
    /// Reads the value of an address field, raw or unfolded. All that can be read is in the list; what speaks
    /// against it too.
    public static func parseList(_ value: [UInt8]) -> AddressList {
        var list = AddressList()
        checkOctets(value, &list)
        var reader = AddressReader(HeaderField.unfold(value), list)
        return reader.readList()
    }

    /// The address of a message's author from the values of all of its From fields.
    public static func soleFrom(of fields: [[UInt8]]) -> SoleAddress {
        guard let value = fields.first else { return .none }
        guard fields.count == 1 else { return .ambiguous(.severalFields) }
        let list = parseList(value)
        if let reason = list.ambiguities.first { return .ambiguous(reason) }
        if !list.groups.isEmpty { return .ambiguous(.group) }
        guard let mailbox = list.mailboxes.first else { return .ambiguous(.noAddress) }
        guard list.mailboxes.count == 1 else { return .ambiguous(.severalAddresses) }
        return .one(mailbox.address)
    }

    /// As ``soleFrom(of:)-([[UInt8]])``, from the fields of a header.
    public static func soleFrom(of header: [HeaderField]) -> SoleAddress {
        soleFrom(of: header.filter { $0.isNamed("From") }.map(\.rawValue))
    }

    /// NUL, controls, and line ends that are not folding.
    private static func checkOctets(_ value: [UInt8], _ list: inout AddressList) {
        var index = 0
        while index < value.count {
            let byte = value[index]
            let next = index + 1 < value.count ? value[index + 1] : nil
            switch byte {
            case 0: list.doubt(.nul)
            case ASCII.tab: break
            case ASCII.cr: if next != ASCII.lf { list.doubt(.controlCharacter) }
            case ASCII.lf: if let next, !ASCII.isWSP(next) { list.doubt(.controlCharacter) }
            case 1..<0x20, ASCII.delete: list.doubt(.controlCharacter)
            default: break
            }
            index += 1
        }
    }

    /// All stretches of `text` that a reader would take for an address, bounded work for each "@".
    static func addresses(shownIn text: String) -> [(local: String, domain: String)] {
        let scalars = Array(text.unicodeScalars)
        var found: [(local: String, domain: String)] = []
        for (index, scalar) in scalars.enumerated() where isAt(scalar) {
            var start = index
            while start > 0, index - start < 320, isAddressScalar(scalars[start - 1]) { start -= 1 }
            var end = index + 1
            while end < scalars.count, end - index < 320, isAddressScalar(scalars[end]) { end += 1 }
            let local = string(scalars[start..<index])
            let domain = string(scalars[(index + 1)..<end])
            guard !local.isEmpty, !domain.isEmpty else { continue }
            found.append((trimmed(local), trimmed(domain)))
        }
        return found
    }

    /// The commercial at and the two of Unicode that look like it.
    private static func isAt(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value == 0x40 || scalar.value == 0xFF20 || scalar.value == 0xFE6B
    }

    private static func isAddressScalar(_ scalar: Unicode.Scalar) -> Bool {
        if isAt(scalar) { return false }
        if scalar.value < 0x80 {
            let byte = UInt8(truncatingIfNeeded: scalar.value)
            return EmailAddress.isAtomText(byte) || byte == ASCII.dot
        }
        return !scalar.properties.isWhitespace
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// Without the marks that people put around an address.
    private static func trimmed(_ text: String) -> String {
        var slice = text.unicodeScalars[...]
        let marks: Set<Unicode.Scalar> = ["'", "`", ".", "!", "?", "*", "_", "-", "|", "{", "}"]
        while let last = slice.last, marks.contains(last) { slice = slice.dropLast() }
        while let first = slice.first, first == "'" || first == "`" || first == "." { slice = slice.dropFirst() }
        return String(slice)
    }
}
