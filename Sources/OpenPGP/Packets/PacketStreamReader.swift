/// Finds packets in data that arrives in pieces, in the old and the new framing, without holding bodies.
///
/// Feed pieces and take steps until there is none:
///
///     var position = 0
///     while let step = try reader.next(in: piece, from: &position) { … }
///
/// A `.body` range is an index range of the piece just given; chunks of partial lengths simply follow each other.
public struct PacketStreamReader: Sendable {
    /// What the next octets are.
    public enum Step: Equatable, Sendable {
        /// A packet begins.
        case began(PacketHeader)
        /// These octets of the piece belong to the body of the open packet.
        case body(Range<Int>)
        /// The open packet is complete.
        case ended
    }

    private enum State: Sendable {
        case header
        case body(remaining: Int, isLast: Bool)
        case openBody
        case length
    }

    private var state: State = .header
    private var pending: [UInt8] = []
    /// Octets consumed before the piece at hand; for errors.
    private var consumed = 0

    /// Makes a reader that expects a packet header.
    public init() {}

    /// Whether the data may end here: no packet is open.
    public var isBetweenPackets: Bool {
        if case .header = state { return pending.isEmpty }
        return false
    }

    /// The next step in `piece` from `position` on, which moves forward; nil when all octets of the piece are consumed.
    ///
    /// - Throws: `malformed` where framing is wrong, with the offset from the start of the stream.
    public mutating func next(in piece: Span<UInt8>, from position: inout Int) throws -> Step? {
        let start = position
        let step = try advance(in: piece, from: &position)
        consumed += position - start
        return step
    }

    private mutating func advance(in piece: Span<UInt8>, from position: inout Int) throws -> Step? {
        while true {
            switch state {
            case .body(let remaining, let isLast):
                if remaining == 0 {
                    state = isLast ? .header : .length
                    if isLast { return .ended }
                    continue
                }
                guard position < piece.count else { return nil }
                let count = min(remaining, piece.count - position)
                defer { position += count }
                state = .body(remaining: remaining - count, isLast: isLast)
                return .body(position..<position + count)
            case .openBody:
                guard position < piece.count else { return nil }
                defer { position = piece.count }
                return .body(position..<piece.count)
            case .length:
                guard let length = read(in: piece, from: &position, { PacketHeader.parseNewLength($0, at: 0) }) else {
                    return nil
                }
                enter(length)
            case .header:
                guard position < piece.count || !pending.isEmpty else { return nil }
                let offset = consumed - pending.count
                do {
                    guard let header = try read(in: piece, from: &position, { try PacketHeader.parse($0) }) else {
                        return nil
                    }
                    enter(header.length)
                    return .began(header)
                } catch let error as OpenPGPError {
                    throw OpenPGPError(error.code, error.message, offset: offset)
                }
            }
        }
    }

    /// The last step: `.ended` for an open packet of indeterminate length, nil between packets.
    ///
    /// - Throws: `truncated` where the data ends inside a packet.
    public mutating func finish() throws -> Step? {
        switch state {
        case .header where pending.isEmpty: return nil
        case .openBody:
            state = .header
            return .ended
        default: throw OpenPGPError(.truncated, "the data ends inside a packet", offset: consumed)
        }
    }

    private mutating func enter(_ length: PacketHeader.Length) {
        switch length {
        case .definite(let count): state = .body(remaining: count, isLast: true)
        case .partial(let count): state = .body(remaining: count, isLast: false)
        case .indeterminate: state = .openBody
        }
    }

    /// Collects a header or length, which may be spread over pieces, octet by octet until `parse` has enough.
    private mutating func read<Parsed>(
        in piece: Span<UInt8>, from position: inout Int, _ parse: (Span<UInt8>) throws -> (Parsed, Int)?
    ) rethrows -> Parsed? {
        while position < piece.count, pending.count < PacketHeader.maximumSize {
            pending.append(piece[position])
            position += 1
            if let (parsed, _) = try parse(pending.span) {
                pending.removeAll(keepingCapacity: true)
                return parsed
            }
        }
        return nil
    }
}
