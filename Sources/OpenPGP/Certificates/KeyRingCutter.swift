/// Cuts a key ring that arrives in pieces, binary or armored, into single keys: a ring of any length takes the memory of its
/// longest key.
///
///     var cutter = KeyRingCutter()
///     for piece in pieces { try cutter.push(piece.span) { keys.append($0) } }
///     try cutter.finish { keys.append($0) }
public struct KeyRingCutter {
    /// The packets of one key with all that belongs to it.
    public struct Key {
        /// Binary, for ``Certificate/parseAll(_:)`` or ``SecretCertificate/parseAll(_:)``; open secrets should be wiped.
        public var octets: [UInt8] = []
        /// Whether it has secret parts.
        public var isSecret = false

        /// Overwrites the octets.
        public mutating func wipe() { Wipe.wipe(&octets) }
    }

    /// Octets of one key beyond which it is passed over.
    private let maximumKey: Int

    private enum Form {
        case unknown
        case binary
        case armored(ArmorDecoder)
    }

    private var form = Form.unknown
    private var packets = PacketStreamReader()
    private var key = Key()
    private var tag: PacketTag?
    private var body: [UInt8] = []
    /// Whether the rest of the object is not readable.
    private var isBroken = false
    private var isTooLong = false
    private var hasArmor = false
    /// What was passed over, for people.
    public private(set) var problems: [OpenPGPError] = []

    /// Makes a cutter at the start of a ring. Keys longer than 16 MiB are passed over.
    public init() { self.init(maximumKey: 16 << 20) }

    init(maximumKey: Int) { self.maximumKey = maximumKey }

    /// Takes the next piece.
    ///
    /// - Parameter take: gets each key that is complete.
    /// - Throws: what `ArmorDecoder` throws, and what `take` throws.
    public mutating func push(_ piece: Span<UInt8>, _ take: (consuming Key) throws -> Void) throws {
        guard piece.count > 0 else { return }
        if case .unknown = form { form = Armor.isArmored(piece) ? .armored(ArmorDecoder()) : .binary }
        guard case .armored(var decoder) = form else { return try read(piece, take) }
        var position = 0
        while position < piece.count {
            var octets: [UInt8] = []
            defer { Wipe.wipe(&octets) }
            position += try decoder.push(piece.extracting(droppingFirst: position), into: &octets)
            try read(octets.span, take)
            guard decoder.isFinished else { break }
            hasArmor = true
            try close(take)
            decoder = ArmorDecoder()
        }
        form = .armored(decoder)
    }

    /// Says that the ring has ended.
    ///
    /// - Throws: as `push`; `unexpectedData` for text without any armor.
    public mutating func finish(_ take: (consuming Key) throws -> Void) throws {
        if case .armored(let decoder) = form {
            var octets: [UInt8] = []
            defer { Wipe.wipe(&octets) }
            do { try decoder.finish(into: &octets) } catch let error as OpenPGPError {
                guard decoder.kind == nil else { throw error }
                guard hasArmor else { throw OpenPGPError(.unexpectedData, "there is neither armor nor a packet") }
            }
            try read(octets.span, take)
        }
        try close(take)
    }

    private mutating func read(_ piece: Span<UInt8>, _ take: (consuming Key) throws -> Void) throws {
        guard !isBroken else { return }
        var position = 0
        while true {
            let step: PacketStreamReader.Step?
            do { step = try packets.next(in: piece, from: &position) } catch let error as OpenPGPError {
                problems.append(error)
                isBroken = true
                return
            }
            switch step {
            case nil: return
            case .began(let header):
                if header.tag == .publicKey || header.tag == .secretKey { try give(take) }
                if header.tag == .secretKey || header.tag == .secretSubkey { key.isSecret = true }
                tag = header.tag
            case .body(let range):
                // Of data that is out of place here it is enough to know that it came.
                guard let tag, !tag.isDataPacket, !isTooLong else { continue }
                guard key.octets.count + body.count + range.count <= maximumKey else {
                    isTooLong = true
                    continue
                }
                for index in range { body.append(piece[index]) }
            case .ended: endPacket()
            }
        }
    }

    private mutating func endPacket() {
        if let tag, !isTooLong { PacketWriter.write(tag, body: body, into: &key.octets) }
        if key.isSecret { Wipe.wipe(&body) }
        body.removeAll(keepingCapacity: true)
        tag = nil
    }

    /// At the end of a binary ring or of an armored object.
    private mutating func close(_ take: (consuming Key) throws -> Void) throws {
        if !isBroken {
            do { if try packets.finish() == .ended { endPacket() } } catch let error as OpenPGPError {
                problems.append(error)
            }
        }
        if key.isSecret { Wipe.wipe(&body) }
        body = []
        tag = nil
        try give(take)
        packets = PacketStreamReader()
        isBroken = false
    }

    private mutating func give(_ take: (consuming Key) throws -> Void) throws {
        var done = Key()
        swap(&done, &key)
        defer { isTooLong = false }
        guard !isTooLong else {
            done.wipe()
            problems.append(OpenPGPError(.limitExceeded, "a key is longer than \(maximumKey) octets"))
            return
        }
        if !done.octets.isEmpty { try take(done) }
    }
}
