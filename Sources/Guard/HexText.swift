/// Octets as hexadecimal digits.
enum HexText {
    /// Two lower-case digits for each octet.
    static func encode(_ octets: some Collection<UInt8>) -> String {
        var digits: [UInt8] = []
        digits.reserveCapacity(2 * octets.count)
        for octet in octets {
            digits.append(digit(octet >> 4))
            digits.append(digit(octet & 15))
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// The octets of digits in either case; nil for an odd number and for anything else.
    static func decode(_ text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}
