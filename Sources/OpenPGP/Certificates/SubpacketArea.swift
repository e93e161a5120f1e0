/// One signature subpacket (RFC 9580 section 5.2.3.7).
public struct Subpacket: Hashable, Sendable {
    /// What it says.
    public let type: SubpacketType
    /// Whether a reader that does not know the type must refuse the signature.
    public let isCritical: Bool
    /// The content.
    public let body: ArraySlice<UInt8>

    /// Makes a subpacket.
    public init(_ type: SubpacketType, critical: Bool = false, _ body: [UInt8]) {
        self.init(type: type, isCritical: critical, body: body[...])
    }

    init(type: SubpacketType, isCritical: Bool, body: ArraySlice<UInt8>) {
        self.type = type
        self.isCritical = isCritical
        self.body = body
    }

    /// The content as a number; nil unless it has four octets.
    var uint32: UInt32? { body.count == 4 ? body.reduce(0) { $0 << 8 | UInt32($1) } : nil }

    /// Four octets, highest first.
    static func octets(of value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { (shift: UInt32) in UInt8(truncatingIfNeeded: value >> shift) }
    }
}

/// The hashed or the unhashed subpackets of a signature, in their order.
public struct SubpacketArea: Hashable, Sendable, RandomAccessCollection {
    private let subpackets: [Subpacket]

    /// Makes an area.
    public init(_ subpackets: [Subpacket] = []) { self.subpackets = subpackets }

    public var startIndex: Int { 0 }
    public var endIndex: Int { subpackets.count }
    public subscript(index: Int) -> Subpacket { subpackets[index] }

    /// The last subpacket of a type: where several stand, the last one counts (RFC 9580 section 5.2.3.9).
    public func last(_ type: SubpacketType) -> Subpacket? { subpackets.last { $0.type == type } }

    /// Most subpackets in one area.
    static let maximumCount = 1000

    /// Reads an area.
    init(parsing bytes: ArraySlice<UInt8>) throws {
        var reader = ByteReader(bytes, subject: "signature subpacket area")
        var found: [Subpacket] = []
        while !reader.isAtEnd {
            guard found.count < Self.maximumCount else {
                throw OpenPGPError(.limitExceeded, "a signature has more than \(Self.maximumCount) subpackets")
            }
            let first = Int(try reader.byte())
            let count: Int
            switch first {
            case ..<192: count = first
            case ..<255: count = (first - 192) << 8 + Int(try reader.byte()) + 192
            default: count = Int(try reader.uint32())
            }
            guard count >= 1 else { throw reader.malformed("holds a subpacket without a type") }
            let content = try reader.take(count)
            let type = content.first ?? 0
            found.append(
                Subpacket(
                    type: SubpacketType(rawValue: type & 0x7F), isCritical: type & 0x80 != 0, body: content.dropFirst())
            )
        }
        subpackets = found
    }

    /// The octets of the area without its length.
    var serialized: [UInt8] {
        var output: [UInt8] = []
        for subpacket in subpackets {
            // Lengths up to 8383 have the form of packet lengths; longer ones too.
            PacketWriter.writeLength(subpacket.body.count + 1, into: &output)
            output.append(subpacket.type.rawValue | (subpacket.isCritical ? 0x80 : 0))
            output.append(contentsOf: subpacket.body)
        }
        return output
    }
}
