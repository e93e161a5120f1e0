/// The checksum of OpenPGP's armor (RFC 9580, section 6.1): no protection, and optional since that RFC.
public struct CRC24: Sendable {
    /// Tables for sixteen octets at a step; the 24-bit register stands in the upper bits of 32.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 16 * 256)
        for index in 0..<256 {
            var register = UInt32(index) << 24
            for _ in 0..<8 { register = register & 0x8000_0000 != 0 ? register << 1 ^ (0x864CFB << 8) : register << 1 }
            tables[index] = register
        }
        for table in 1..<16 {
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
                guard let tables = tables.baseAddress else { return }
                let raw = UnsafeRawBufferPointer(bytes)
                // Sixteen look-ups that do not wait for each other, then one chain of XOR.
                @inline(__always) func four(_ word: UInt32, _ first: Int) -> UInt32 {
                    tables[first * 256 + Int(word >> 24)] ^ tables[(first - 1) * 256 + Int(word >> 16 & 255)]
                        ^ tables[(first - 2) * 256 + Int(word >> 8 & 255)] ^ tables[(first - 3) * 256 + Int(word & 255)]
                }
                while bytes.count - index >= 16 {
                    let high = UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                    let low = UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: index + 8, as: UInt64.self))
                    let rest =
                        four(UInt32(truncatingIfNeeded: high), 11) ^ four(UInt32(truncatingIfNeeded: low >> 32), 7)
                        ^ four(UInt32(truncatingIfNeeded: low), 3)
                    crc = four(crc ^ UInt32(truncatingIfNeeded: high >> 32), 15) ^ rest
                    index += 16
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
