/// The framing in front of a packet's body (RFC 9580 section 4.2).
public struct PacketHeader: Hashable, Sendable {
    /// How the length of the body is given.
    public enum Length: Hashable, Sendable {
        /// The whole body has this many octets.
        case definite(Int)
        /// A first (or next) chunk has this many octets, another length follows it.
        case partial(Int)
        /// The body goes on to the end of the data (old framing only).
        case indeterminate
    }

    /// Packet type.
    public let tag: PacketTag
    /// Length of the body, or of its first chunk.
    public let length: Length
    /// Whether the header had the old framing.
    public let isOldFormat: Bool

    /// Largest number of octets a header takes.
    static let maximumSize = 6

    /// Reads a header at the start of `bytes`.
    ///
    /// - Returns: header and its size in octets; nil when more octets are needed.
    /// - Throws: `malformed` where no packet can begin like this.
    static func parse(_ bytes: Span<UInt8>) throws -> (header: PacketHeader, size: Int)? {
        guard let first = bytes.octet(0) else { return nil }
        guard first & 0x80 != 0 else {
            throw OpenPGPError(.malformed, "octet 0x\(Hex.encode([first])) does not begin a packet")
        }
        if first & 0x40 != 0 {
            let tag = PacketTag(rawValue: first & 0x3F)
            guard let (length, size) = parseNewLength(bytes, at: 1) else { return nil }
            try check(tag, length)
            return (PacketHeader(tag: tag, length: length, isOldFormat: false), 1 + size)
        }
        let tag = PacketTag(rawValue: first >> 2 & 0x0F)
        let width = Int(first & 3)
        if width == 3 {
            try check(tag, .indeterminate)
            return (PacketHeader(tag: tag, length: .indeterminate, isOldFormat: true), 1)
        }
        var count = 0
        let octets = 1 << width
        for index in 1...octets {
            guard let octet = bytes.octet(index) else { return nil }
            count = count << 8 | Int(octet)
        }
        try check(tag, .definite(count))
        return (PacketHeader(tag: tag, length: .definite(count), isOldFormat: true), 1 + octets)
    }

    /// Reads a length of the new framing at `index`; nil when more octets are needed.
    static func parseNewLength(_ bytes: Span<UInt8>, at index: Int) -> (length: Length, size: Int)? {
        guard let first = bytes.octet(index) else { return nil }
        switch first {
        case 0..<192: return (.definite(Int(first)), 1)
        case 192..<224:
            guard let second = bytes.octet(index + 1) else { return nil }
            return (.definite((Int(first) - 192) << 8 + Int(second) + 192), 2)
        case 224..<255: return (.partial(1 << Int(first & 0x1F)), 1)
        default:
            var count = 0
            for offset in 1...4 {
                guard let octet = bytes.octet(index + offset) else { return nil }
                count = count << 8 | Int(octet)
            }
            return (.definite(count), 5)
        }
    }

    private static func check(_ tag: PacketTag, _ length: Length) throws {
        guard tag.rawValue != 0 else { throw OpenPGPError(.malformed, "packet type 0 is reserved") }
        if case .definite = length { return }
        guard tag.isDataPacket else { throw OpenPGPError(.malformed, "\(tag) must not have a partial or open length") }
    }
}

extension Span<UInt8> {
    /// The octet at an index, nil past the end.
    func octet(_ index: Int) -> UInt8? { index >= 0 && index < count ? self[index] : nil }
}
