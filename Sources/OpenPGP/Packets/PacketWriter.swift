/// Writes packets in the new framing (RFC 9580 section 4.2.1).
public enum PacketWriter {
    /// Appends a packet with a definite length in its shortest form.
    public static func write(_ tag: PacketTag, body: some Collection<UInt8>, into output: inout [UInt8]) {
        writeHeader(tag, count: body.count, into: &output)
        output.append(contentsOf: body)
    }

    /// Appends the header of a packet whose body has `count` octets (0...4294967295) and follows.
    public static func writeHeader(_ tag: PacketTag, count: Int, into output: inout [UInt8]) {
        output.append(0xC0 | tag.rawValue & 0x3F)
        writeLength(count, into: &output)
    }

    /// Appends the first octet of a packet whose lengths follow with each chunk.
    public static func writeTag(_ tag: PacketTag, into output: inout [UInt8]) {
        output.append(0xC0 | tag.rawValue & 0x3F)
    }

    /// Appends a definite length: one, two or five octets.
    public static func writeLength(_ count: Int, into output: inout [UInt8]) {
        switch count {
        case ..<192: output.append(UInt8(truncatingIfNeeded: count))
        case ..<8384:
            let rest = count - 192
            output.append(UInt8(truncatingIfNeeded: 192 + rest >> 8))
            output.append(UInt8(truncatingIfNeeded: rest))
        default:
            output.append(255)
            output.append(UInt8(truncatingIfNeeded: count >> 24))
            output.append(UInt8(truncatingIfNeeded: count >> 16))
            output.append(UInt8(truncatingIfNeeded: count >> 8))
            output.append(UInt8(truncatingIfNeeded: count))
        }
    }

    /// Appends the length octet of a chunk of 2^`exponent` octets (9...30 for a first chunk) that is not the last.
    public static func writePartialLength(exponent: Int, into output: inout [UInt8]) {
        output.append(0xE0 | UInt8(truncatingIfNeeded: exponent) & 0x1F)
    }

    /// Octets that header and body of a packet with `count` octets of body take.
    static func size(ofBody count: Int) -> Int { count + (count < 192 ? 2 : count < 8384 ? 3 : 6) }
}
