import Libcrypto

/// The lines around armored data.
enum ArmorLine {
    /// The line without blanks at its end.
    static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var end = line.endIndex
        while end > line.startIndex, isBlank(line[end - 1]) { end -= 1 }
        return line[line.startIndex..<end]
    }

    static func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 || octet == 0x0D || octet == 0x0A }

    /// What `-----BEGIN PGP …-----` (or END, by `word`) announces; nil for any other line.
    static func kind(ofLine line: ArraySlice<UInt8>, word: StaticString) -> ArmorKind? {
        let line = trimmed(line)
        guard line.first == UInt8(ascii: "-"), line.count < 100 else { return nil }
        let text = String(decoding: line, as: UTF8.self)
        let prefix = "-----\(word) "
        guard text.hasPrefix(prefix + "PGP "), text.hasSuffix("-----") else { return nil }
        let name = text.dropFirst(prefix.count).dropLast(5)
        guard
            name.utf8.allSatisfy({
                $0 == 0x20 || $0 == 0x2F || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || $0 == 0x2C
            })
        else { return nil }
        return ArmorKind(rawValue: String(name))
    }

    /// A header field; nil for a line that is none.
    static func header(_ line: ArraySlice<UInt8>) -> ArmorHeader? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let value = trimmed(line[(colon + 1)...]).drop { isBlank($0) }
        return ArmorHeader(String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
    }

    /// The number of a `=XXXX` line; nil where it has another form.
    static func checksum(_ line: ArraySlice<UInt8>) -> UInt32? {
        let digits = Array(line.dropFirst())
        guard digits.count == 4 else { return nil }
        guard let octets = Base64.decode(digits), octets.count == 3 else { return nil }
        return octets.reduce(0) { $0 << 8 | UInt32($1) }
    }
}
