/// An unsigned integer of any length as OpenPGP writes it: a bit count of 16 bits and the octets (RFC 9580 section
/// 3.2). For public numbers only; secret ones stay in `SecretBytes`.
public struct MPI: Hashable, Sendable {
    /// Big-endian octets without leading zeros; empty for zero.
    public let bytes: [UInt8]

    /// Makes an integer of big-endian octets; leading zeros are dropped.
    public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes.drop { $0 == 0 }) }

    /// Position of the highest set bit: 0 for zero.
    public var bitCount: Int {
        guard let first = bytes.first else { return 0 }
        return bytes.count * 8 - first.leadingZeroBitCount
    }

    /// Octets that `serialize` adds.
    var serializedCount: Int { 2 + bytes.count }

    /// The octets padded on the left to `count`; nil where the number is longer.
    public func padded(to count: Int) -> [UInt8]? {
        guard bytes.count <= count else { return nil }
        return [UInt8](repeating: 0, count: count - bytes.count) + bytes
    }

    /// Writes bit count and octets. Numbers past 65535 bits are cut off by the callers' checks, never here.
    func serialize(into output: inout [UInt8]) {
        let bits = UInt16(truncatingIfNeeded: bitCount)
        output.append(UInt8(bits >> 8))
        output.append(UInt8(bits & 0xFF))
        output.append(contentsOf: bytes)
    }
}

extension ByteReader {
    /// Reads one integer. A bit count that does not fit the first octet is accepted: several writers get it wrong and
    /// the octet count is the same.
    mutating func mpi() throws -> MPI {
        let bits = Int(try uint16())
        return MPI(try take((bits + 7) / 8))
    }
}
