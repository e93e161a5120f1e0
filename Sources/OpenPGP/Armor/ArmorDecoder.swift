import Libcrypto

/// Reads the first armored object in text that arrives in pieces cut anywhere.
///
/// Tolerant where mail breaks armor and the meaning stays clear (RFC 9580 section 6): text before the header line,
/// blanks at line ends and in the separator line, fields without a value, a missing separator line, missing padding, a
/// missing, unreadable or wrong checksum. Strict where data would be lost: characters outside of the alphabet, a
/// missing tail line, octets cut in half.
public final class ArmorDecoder {
    private enum State { case searching, headers, body, tail, done }

    private var state: State = .searching
    private var line: [UInt8] = []
    private var decoder = Base64.Decoder()
    /// First character, blanks aside, of the line of data that an earlier piece began.
    private var lineStart: UInt8?
    private let accepts: (ArmorKind) -> Bool
    private var consumed = 0

    /// What the header line said; nil before it was seen.
    public private(set) var kind: ArmorKind?
    /// Fields of the header read so far.
    public private(set) var headers: [ArmorHeader] = []
    /// The number of the checksum line, once seen.
    public private(set) var checksum: UInt32?
    /// Whether the tail line was seen; what follows it is not consumed.
    public var isFinished: Bool { state == .done }

    /// Longest line outside of the data that is kept, in octets: longer ones are no armor lines.
    static let maximumLineLength = 16 * 1024
    /// Most fields in one header.
    static let maximumHeaders = 200

    /// Makes a decoder that takes the first object of a kind that `accepts` takes. The text of a cleartext-signed
    /// message is passed over; its signature block is an object.
    public init(accepting accepts: @escaping (ArmorKind) -> Bool = { _ in true }) { self.accepts = accepts }

    /// Decodes a piece, appending octets.
    ///
    /// - Returns: how many octets of the piece were used: all, or up to the end of the tail line.
    /// - Throws: `malformed` or `limitExceeded`, with the offset from the start of the text.
    @discardableResult
    public func push(_ text: Span<UInt8>, into output: inout [UInt8]) throws -> Int {
        var position = 0
        while position < text.count, state != .done {
            if state == .body {
                position = try body(text, from: position, into: &output)
                continue
            }
            let octet = text[position]
            position += 1
            if octet == UInt8(ascii: "\n") {
                try endLine(into: &output, at: consumed + position)
            } else if line.count < Self.maximumLineLength {
                line.append(octet)
            } else if state != .searching {
                throw OpenPGPError(.limitExceeded, "an armor line is longer than 16 KiB", offset: consumed + position)
            }
        }
        consumed += position
        return position
    }

    /// Says that the text has ended.
    ///
    /// - Throws: `unexpectedData` without any header line, `truncated` without the tail line.
    public func finish(into output: inout [UInt8]) throws {
        if !isFinished, !line.isEmpty { try endLine(into: &output, at: consumed) }
        switch state {
        case .done: return
        case .searching: throw OpenPGPError(.unexpectedData, "there is no armor header line")
        default: throw OpenPGPError(.truncated, "the armor has no tail line", offset: consumed)
        }
    }

    /// Decodes as much data as there is. The first character that is none must belong to a checksum or tail line.
    private func body(_ text: Span<UInt8>, from start: Int, into output: inout [UInt8]) throws -> Int {
        let stop = start + decoder.push(text.extracting(droppingFirst: start), into: &output)
        var first = stop
        while first > start, text[first - 1] != UInt8(ascii: "\n") { first -= 1 }
        let begunEarlier = first == start ? lineStart : nil
        while first < text.count, ArmorLine.isBlank(text[first]), text[first] != UInt8(ascii: "\n") { first += 1 }
        let beginning = begunEarlier ?? text.octet(first).flatMap { $0 == UInt8(ascii: "\n") ? nil : $0 }
        guard stop < text.count else {
            lineStart = beginning
            return stop
        }
        guard beginning == UInt8(ascii: "-") || beginning == UInt8(ascii: "=") else {
            throw OpenPGPError(
                .malformed, "character 0x\(Hex.encode([text[stop]])) is not base64", offset: consumed + stop)
        }
        state = .tail
        guard let begunEarlier else { return first }
        line = [begunEarlier]
        return stop
    }

    private func endLine(into output: inout [UInt8], at offset: Int) throws {
        // A byte order mark may stand before the header line of a text file.
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let content = ArmorLine.trimmed(line.starts(with: mark) ? line.dropFirst(3) : line[...])
        defer { line.removeAll(keepingCapacity: true) }
        switch state {
        case .searching:
            guard let found = ArmorLine.kind(ofLine: content, word: "BEGIN"), found != .signedMessage, accepts(found)
            else { return }
            kind = found
            state = .headers
        case .headers:
            guard !content.isEmpty else {
                state = .body
                return
            }
            if let header = ArmorLine.header(content) {
                guard headers.count < Self.maximumHeaders else {
                    throw OpenPGPError(
                        .limitExceeded, "an armor header has more than \(Self.maximumHeaders) fields", offset: offset)
                }
                headers.append(header)
                return
            }
            // The separator line is missing: this line is data already, or the tail of an object without data.
            state = .body
            let whole = line + [UInt8(ascii: "\n")]
            line.removeAll(keepingCapacity: true)
            try resume(whole, into: &output, at: offset)
        case .tail:
            if ArmorLine.kind(ofLine: content, word: "END") != nil {
                // What stands before padding is written already, also where half of the padding is missing.
                guard decoder.hasEnded || decoder.finishUnpadded(into: &output) else {
                    throw OpenPGPError(.malformed, "the base64 ends inside an octet", offset: offset)
                }
                state = .done
            } else if content.first == UInt8(ascii: "=") {
                checksum = ArmorLine.checksum(content)
            } else if !content.isEmpty {
                throw OpenPGPError(.malformed, "a line between armor data and tail is neither", offset: offset)
            }
        case .body, .done: return
        }
    }

    /// Runs a line that was taken for a header field through the data path.
    private func resume(_ whole: [UInt8], into output: inout [UInt8], at offset: Int) throws {
        let position = try body(whole.span, from: 0, into: &output)
        guard state == .tail else { return }
        line = Array(whole[position...].dropLast())
        try endLine(into: &output, at: offset)
    }
}
