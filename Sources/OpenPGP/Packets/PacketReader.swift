/// One whole packet with its body.
public struct RawPacket: Sendable, Equatable {
    /// Packet type.
    public let tag: PacketTag
    /// The body; chunks of partial lengths are joined.
    public let body: ArraySlice<UInt8>
    /// Where the packet begins in the parsed data.
    public let offset: Int

    public static func == (a: Self, b: Self) -> Bool { a.tag == b.tag && a.body == b.body }
}

/// Reads whole packets from a buffer, in the old and the new framing. For certificates, keys and signatures; messages
/// of any size are for `PacketStreamReader`.
public struct PacketReader: Sendable {
    private let bytes: [UInt8]
    private var position = 0

    /// Makes a reader over dearmored octets.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Where the next packet begins.
    public var offset: Int { position }

    /// The next packet; nil at the end of the data.
    ///
    /// - Throws: `malformed` or `truncated`, with the offset of the packet. The reader then is at the end: after a
    /// broken
    ///   frame nothing tells where the next packet begins.
    public mutating func next() throws -> RawPacket? {
        guard position < bytes.count else { return nil }
        let start = position
        do {
            return try read()
        } catch let error as OpenPGPError {
            position = bytes.count
            throw OpenPGPError(error.code, error.message, offset: start)
        }
    }

    private mutating func read() throws -> RawPacket {
        // A copy of the reference: a span of `self` would bar the cursor from moving.
        let bytes = bytes
        let span = bytes.span
        let start = position
        guard let (header, size) = try PacketHeader.parse(span.extracting(droppingFirst: start)) else {
            throw OpenPGPError(.truncated, "the data ends inside a packet header")
        }
        position += size
        switch header.length {
        case .definite(let count):
            return RawPacket(tag: header.tag, body: try take(count), offset: start)
        case .indeterminate:
            return RawPacket(tag: header.tag, body: try take(bytes.count - position), offset: start)
        case .partial(var count):
            var body: [UInt8] = []
            while true {
                body.append(contentsOf: try take(count))
                guard let (length, size) = PacketHeader.parseNewLength(span, at: position) else {
                    throw OpenPGPError(.truncated, "the data ends inside a partial length")
                }
                position += size
                switch length {
                case .partial(let next): count = next
                case .definite(let last):
                    body.append(contentsOf: try take(last))
                    return RawPacket(tag: header.tag, body: body[...], offset: start)
                case .indeterminate: throw OpenPGPError(.malformed, "a partial length has no end")
                }
            }
        }
    }

    private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count - position else {
            throw OpenPGPError(.truncated, "the data ends inside a packet of \(count) octets")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }
}
