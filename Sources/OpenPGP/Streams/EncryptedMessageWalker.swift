/// Finds out whether data that claims to be an encrypted message truly is one, without any key: encrypted session keys, then
/// exactly one packet of integrity-protected data that ends with the data.
public final class EncryptedMessageWalker {
    public enum Verdict: Sendable, Equatable {
        /// Nothing in it can be read without a key.
        case protected
        /// It is something else, or has something else beside.
        case notProtected
        /// It cannot be told.
        case unsure
    }

    private enum State { case sessionKeys, data, done }
    private enum Input {
        case undecided, binary
        case armored(ArmorDecoder)
    }

    /// Armor header fields are readable by everybody: more than a few are a message of their own.
    private static let maximumHeaderOctets = 1024
    private static let maximumFirstLine = 200
    /// Version, length, version of the key and the longest fingerprint, algorithm, and something of the key.
    private static let sessionKeyStartOctets = 40

    private var input = Input.undecided
    private var opening: [UInt8] = []
    private var reader = PacketStreamReader()
    private var state = State.sessionKeys
    private var sessionKeys = 0
    private var bodyCount = 0
    private var version: UInt8?
    private var tag: PacketTag?
    private var failure: Verdict?
    private var dearmored: [UInt8] = []
    /// The start of an encrypted session key: whom it names comes first.
    private var sessionKeyStart: [UInt8] = []

    /// The key IDs that the encrypted session keys so far name, `KeyID.wildcard` for hidden ones; at most
    /// ``maximumRecipients``.
    public private(set) var recipients: [KeyID] = []
    public static let maximumRecipients = 10_000

    public init() {}

    /// Whether it is known already that the data is no encrypted message.
    public var isRefuted: Bool { failure != nil }

    public func push(_ bytes: Span<UInt8>) {
        guard failure == nil else { return }
        switch input {
        case .undecided:
            opening.append(bytes)
            decide(isEnd: false)
        case .binary: walk(bytes)
        case .armored(let decoder): walk(bytes, through: decoder)
        }
    }

    public func push(_ bytes: [UInt8]) { push(bytes.span) }

    /// The verdict over all that was pushed.
    public func finish() -> Verdict {
        if case .undecided = input { decide(isEnd: true) }
        if let failure { return failure }
        if case .armored(let decoder) = input, !decoder.isFinished {
            var piece: [UInt8] = []
            guard (try? decoder.finish(into: &piece)) != nil else { return .notProtected }
            walk(piece.span)
        }
        if failure == nil, let step = try? reader.finish(), step == .ended { end() }
        return failure ?? (state == .done && reader.isBetweenPackets ? .protected : .notProtected)
    }

    /// Armor must be the first thing that is not blank; text before it would be clear.
    private func decide(isEnd: Bool) {
        if let first = opening.first, first & 0x80 != 0 {
            input = .binary
            let start = opening
            opening = []
            return walk(start.span)
        }
        let text = opening.drop { [32, 9, 13, 10].contains($0) }
        guard let lineEnd = text.firstIndex(of: UInt8(ascii: "\n")) else {
            if isEnd || text.count > Self.maximumFirstLine { failure = .notProtected }
            // Blanks without end are no message either.
            if opening.count > 64 << 10 { failure = .notProtected }
            return
        }
        let line = text[..<lineEnd].reversed().drop { [32, 9, 13].contains($0) }.reversed()
        guard line.elementsEqual("-----BEGIN PGP MESSAGE-----".utf8) else {
            failure = .notProtected
            return
        }
        let decoder = ArmorDecoder()
        input = .armored(decoder)
        let start = Array(text)
        opening = []
        walk(start.span, through: decoder)
    }

    private func walk(_ bytes: Span<UInt8>, through decoder: ArmorDecoder) {
        var used = 0
        if !decoder.isFinished {
            var piece: [UInt8] = []
            swap(&piece, &dearmored)
            defer { swap(&piece, &dearmored) }
            piece.removeAll(keepingCapacity: true)
            let count = try? decoder.push(bytes, into: &piece)
            // Header fields come first, so they decide first, however the text is cut.
            let headerOctets = decoder.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
            guard headerOctets <= Self.maximumHeaderOctets, let count else {
                failure = count == nil && headerOctets <= Self.maximumHeaderOctets ? .notProtected : .unsure
                return
            }
            used = count
            walk(piece.span)
        }
        for index in used..<bytes.count where ![32, 9, 13, 10].contains(bytes[index]) {
            failure = .notProtected
            return
        }
    }

    private func walk(_ bytes: Span<UInt8>) {
        var position = 0
        do {
            while failure == nil, let step = try reader.next(in: bytes, from: &position) {
                switch step {
                case .began(let header): begin(header.tag)
                case .body(let range):
                    if version == nil { version = bytes.octet(range.lowerBound) }
                    if tag == .publicKeyEncryptedSessionKey, sessionKeyStart.count < Self.sessionKeyStartOctets {
                        let wanted = min(range.count, Self.sessionKeyStartOctets - sessionKeyStart.count)
                        sessionKeyStart.append(bytes.extracting(range.lowerBound..<(range.lowerBound + wanted)))
                    }
                    bodyCount += range.count
                case .ended: end()
                }
            }
        } catch {
            failure = .notProtected
        }
    }

    private func begin(_ tag: PacketTag) {
        bodyCount = 0
        version = nil
        self.tag = tag
        sessionKeyStart = []
        switch (tag, state) {
        case (.publicKeyEncryptedSessionKey, .sessionKeys), (.symmetricKeyEncryptedSessionKey, .sessionKeys):
            sessionKeys += 1
        case (.symmetricallyEncryptedIntegrityProtectedData, .sessionKeys), (.gnupgAEADData, .sessionKeys):
            if sessionKeys == 0 { failure = .notProtected }
            state = .data
        default: failure = .notProtected
        }
    }

    private func end() {
        switch state {
        case .sessionKeys:
            // The smallest that can hold a session key; the largest keys stay far below the bound.
            if bodyCount < 12 || bodyCount > 5000 { failure = .notProtected }
            if tag == .publicKeyEncryptedSessionKey, recipients.count < Self.maximumRecipients,
                let packet = try? EncryptedSessionKey(parsingBody: sessionKeyStart)
            {
                recipients.append(packet.keyID)
            }
        case .data:
            // Version, prefix, and an integrity code. Something shorter hides nothing.
            if bodyCount < 40 || version != 1 && version != 2 { failure = .notProtected }
            state = .done
        case .done: failure = .notProtected
        }
    }
}
