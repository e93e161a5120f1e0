/// The checksum of OpenPGP's armor (RFC 9580, section 6.1): no protection, and optional since that RFC.
public struct CRC24: Sendable {
    /// Tables for eight octets at a step; the 24-bit register stands in the upper bits of 32.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for index in 0..<256 {
            var register = UInt32(index) << 24
            for _ in 0..<8 { register = register & 0x8000_0000 != 0 ? register << 1 ^ (0x864CFB << 8) : register << 1 }
            tables[index] = register
        }
        for table in 1..<8 {
            for index in 0..<256 {
                let before = tables[(table - 1) * 256 + index]
                tables[table * 256 + index] = before << 8 ^ tables[Int(before >> 24)]
            }
        }
        return tables
    }()

    private var register: UInt32 = 0xB704CE << 8

    public init() {}

    /// The checksum so far, 24 bits.
    public var value: UInt32 { register >> 8 }

    public mutating func update(_ bytes: Span<UInt8>) {
        var crc = register
        Self.tables.withUnsafeBufferPointer { tables in
            bytes.withUnsafeBufferPointer { bytes in
                var index = 0
                while bytes.count - index >= 8 {
                    let b = index
                    crc ^=
                        UInt32(bytes[b]) << 24 | UInt32(bytes[b + 1]) << 16 | UInt32(bytes[b + 2]) << 8
                        | UInt32(bytes[b + 3])
                    let first = tables[7 * 256 + Int(crc >> 24)] ^ tables[6 * 256 + Int(crc >> 16 & 255)]
                    let second = tables[5 * 256 + Int(crc >> 8 & 255)] ^ tables[4 * 256 + Int(crc & 255)]
                    let third = tables[3 * 256 + Int(bytes[b + 4])] ^ tables[2 * 256 + Int(bytes[b + 5])]
                    let fourth = tables[256 + Int(bytes[b + 6])] ^ tables[Int(bytes[b + 7])]
                    crc = first ^ second ^ third ^ fourth
                    index += 8
                }
                while index < bytes.count {
                    crc = crc << 8 ^ tables[Int(crc >> 24 ^ UInt32(bytes[index]))]
                    index += 1
                }
            }
        }
        register = crc
    }

    public static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var crc = CRC24()
        crc.update(bytes.span)
        return crc.value
    }
}
