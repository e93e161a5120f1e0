/// Reading the base64 of armor. Unlike `Base64.Decoder` it knows where lines begin, which tells a checksum from
/// padding.
enum Radix64 {
    private static let alphabet: [UInt8] = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Marks in `values`: not a digit of base64.
    static let blank: UInt8 = 0x80
    static let pad: UInt8 = 0x81
    static let invalid: UInt8 = 0xFF

    /// The value of each character; blanks, the padding sign and anything else have marks with the high bit set.
    static let values: [UInt8] = {
        var table = [UInt8](repeating: invalid, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        for character: UInt8 in [0x20, 0x09, 0x0D, 0x0A, 0x0B, 0x0C] { table[Int(character)] = blank }
        table[Int(UInt8(ascii: "="))] = pad
        return table
    }()

    /// Decodes characters that arrive in pieces cut anywhere.
    struct Decoder {
        private var group: UInt32 = 0
        private var digits = 0
        /// Whether a padding sign was seen: nothing but blanks and padding may follow.
        private(set) var isPadded = false
        /// Whether only blanks were seen since the last line feed.
        private(set) var isAtLineStart = true

        /// Decodes `text`, appending octets.
        ///
        /// - Returns: index of the first character that is not base64, a blank or padding, or of a padding sign that
        ///   begins a line (a checksum may follow it); nil when all were used.
        mutating func decode(_ text: Span<UInt8>, into output: inout [UInt8]) -> Int? {
            let start = output.count
            output.append(contentsOf: repeatElement(0, count: text.count / 4 * 3 + 6))
            let values = Radix64.values.span
            var write = start
            var read = 0
            var stop: Int?
            var target = output.mutableSpan
            while read < text.count {
                if digits == 0, !isPadded {
                    // The common case by far: whole groups, four table values at a time.
                    let first = read
                    while read + 3 < text.count {
                        let a = values[Int(text[read])]
                        let b = values[Int(text[read + 1])]
                        let c = values[Int(text[read + 2])]
                        let d = values[Int(text[read + 3])]
                        if (a | b | c | d) & 0x80 != 0 { break }
                        let whole = UInt32(a) << 18 | UInt32(b) << 12 | UInt32(c) << 6 | UInt32(d)
                        target[write] = UInt8(truncatingIfNeeded: whole >> 16)
                        target[write + 1] = UInt8(truncatingIfNeeded: whole >> 8)
                        target[write + 2] = UInt8(truncatingIfNeeded: whole)
                        write += 3
                        read += 4
                    }
                    if read > first { isAtLineStart = false }
                    guard read < text.count else { break }
                }
                let value = values[Int(text[read])]
                if value == Radix64.blank {
                    if text[read] == 0x0A { isAtLineStart = true }
                    read += 1
                    continue
                }
                if value & 0x80 != 0, value != Radix64.pad || isAtLineStart {
                    stop = read
                    break
                }
                isAtLineStart = false
                if value == Radix64.pad {
                    isPadded = true
                } else if !isPadded {
                    group = group << 6 | UInt32(value)
                    digits += 1
                    if digits == 4 {
                        target[write] = UInt8(truncatingIfNeeded: group >> 16)
                        target[write + 1] = UInt8(truncatingIfNeeded: group >> 8)
                        target[write + 2] = UInt8(truncatingIfNeeded: group)
                        write += 3
                        group = 0
                        digits = 0
                    }
                } else {
                    stop = read
                    break
                }
                read += 1
            }
            output.removeLast(output.count - write)
            return stop
        }

        /// Writes the octets of the last group. False where the characters do not make whole octets.
        mutating func finish(into output: inout [UInt8]) -> Bool {
            defer {
                group = 0
                digits = 0
            }
            switch digits {
            case 0: return true
            case 2:
                output.append(UInt8(truncatingIfNeeded: group >> 4))
                return true
            case 3:
                output.append(UInt8(truncatingIfNeeded: group >> 10))
                output.append(UInt8(truncatingIfNeeded: group >> 2))
                return true
            default: return false
            }
        }
    }
}
