/// Hexadecimal digits of identifiers.
enum Hex {
    /// Two upper-case digits for each octet.
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var digits: [UInt8] = []
        digits.reserveCapacity(2 * bytes.underestimatedCount)
        for byte in bytes {
            digits.append(digit(byte >> 4))
            digits.append(digit(byte & 15))
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// The octets of a string of digits in either case; nil for odd lengths and other characters.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var pending: UInt8?
        for scalar in text.unicodeScalars {
            let value: UInt8
            switch scalar {
            case "0"..."9": value = UInt8(truncatingIfNeeded: scalar.value &- 48)
            case "a"..."f": value = UInt8(truncatingIfNeeded: scalar.value &- 87)
            case "A"..."F": value = UInt8(truncatingIfNeeded: scalar.value &- 55)
            default: return nil
            }
            if let high = pending {
                bytes.append(high << 4 | value)
                pending = nil
            } else {
                pending = value
            }
        }
        return pending == nil ? bytes : nil
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 &+ value : 55 &+ value }
}
