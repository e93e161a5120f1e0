import Libcrypto

/// Finds the first text in the cleartext framework (RFC 9580 section 7) and takes it apart as it streams. Memory does not
/// grow with the text.
public final class CleartextReader {
    private static let begin = "-----BEGIN PGP SIGNED MESSAGE-----"
    private static let signature = "-----BEGIN PGP SIGNATURE-----"
    private static let end = "-----END PGP SIGNATURE-----"
    /// Lines that mean something are short; the longest header field that is read has 200 octets.
    private static let longestLine = 1024
    private static let longestSignature = 1 << 20

    private enum State {
        /// Before the block or behind it.
        case outside
        /// In a line outside of the block that is too long to open one.
        case skipping
        case header
        /// Where a line of the text begins.
        case text
        /// In a line of the text.
        case line
        case armor
    }

    private let received: ((Span<UInt8>) -> Void)?
    private let sink: (Span<UInt8>) throws -> Void
    private var state = State.outside
    private var covered = CoveredText()
    /// A line that is not understood yet.
    private var line: [UInt8] = []
    /// Where that line starts.
    private var lineStart = 0
    private var position = 0
    private var start: Int?
    private var stop: Int?
    /// The signatures, armored.
    private var signatures: [UInt8] = []

    /// Whether another block begins behind the first.
    public private(set) var hasMore = false

    /// - Parameters:
    ///   - received: takes the text without dash escapes, line ends as received.
    ///   - covered: takes the text as far as the signatures cover it: without blanks at the ends of lines and without the
    ///     last line end. A detached signature of type text over it is worth the same.
    public init(received: ((Span<UInt8>) -> Void)? = nil, covered sink: @escaping (Span<UInt8>) throws -> Void) {
        self.received = received
        self.sink = sink
    }

    /// Where the block stands, from its first dash to the end of its last line: what lies outside is not signed. Nil
    /// before all of it was seen.
    public var range: Range<Int>? {
        guard let start, let stop, start <= stop else { return nil }
        return start..<stop
    }

    /// Takes a piece of any size.
    ///
    /// - Throws: `malformed` where the block breaks the framework: header fields other than `Hash` (and the harmless
    ///   `Charset`), lines with an unescaped dash; `limitExceeded` for signatures above a mebibyte; what `covered` throws.
    public func push(_ bytes: Span<UInt8>) throws {
        var index = 0
        while index < bytes.count {
            let first = index
            while index < bytes.count, bytes[index] != 10 { index += 1 }
            let isWhole = index < bytes.count
            if isWhole { index += 1 }
            let piece = bytes.extracting(first..<index)
            if line.isEmpty { lineStart = position }
            position += piece.count
            if state == .text, line.isEmpty, piece[0] != UInt8(ascii: "-") { state = .line }
            switch state {
            case .skipping: if isWhole { state = .outside }
            case .line: try take(piece, isWhole)
            default:
                line.append(piece)
                if isWhole { try endLine() } else { try continueLine() }
            }
        }
    }

    /// Ends the input.
    ///
    /// - Throws: `truncated` where a block begins but does not end; as `push` does.
    public func finish() throws {
        if !line.isEmpty { try endLine() }
        switch state {
        case .outside, .skipping: return
        case .header: throw OpenPGPError(.truncated, "the cleartext-signed block ends in its header")
        case .text, .line:
            throw OpenPGPError(.truncated, "the cleartext-signed block has no signature", offset: start)
        case .armor:
            throw OpenPGPError(.truncated, "the signature of the signed text has no end", offset: start)
        }
    }

    /// Judges the signatures.
    ///
    /// - Parameter text: gives the covered text again, in pieces; it may be asked for once.
    /// - Throws: as ``DetachedVerifier`` does, and what `text` throws.
    public func signatures(
        time: Timestamp, policy: AlgorithmPolicy = .standard, certificates: @escaping CertificateLookup,
        over text: ((Span<UInt8>) throws -> Void) throws -> Void
    ) throws -> [SignatureResult] {
        let verifier = try DetachedVerifier(canonicalHashes: Set(try DetachedVerifier.hashes(of: signatures)))
        var canonicalizer = TextCanonicalizer()
        try text { piece in canonicalizer.push(piece) { verifier.push($0) } }
        return try verifier.finish(signatures: signatures, time: time, policy: policy, certificates: certificates)
    }

    private func take(_ piece: Span<UInt8>, _ isWhole: Bool) throws {
        received?(piece)
        try covered.push(piece, sink)
        state = isWhole ? .text : .line
    }

    /// A line that goes on.
    private func continueLine() throws {
        if state == .text, line.count > 1, line[1] == UInt8(ascii: " ") { return try endLine(isWhole: false) }
        guard line.count > Self.longestLine else { return }
        switch state {
        case .outside:
            state = .skipping
            line.removeAll(keepingCapacity: true)
        case .header: throw oddHeader()
        case .text: throw bareDash()
        default: throw OpenPGPError(.malformed, "a line of the signature is too long", offset: lineStart)
        }
    }

    private func endLine(isWhole: Bool = true) throws {
        let whole = line
        line.removeAll(keepingCapacity: true)
        let text = CoveredText.trimmed(whole.last == 10 ? whole.dropLast() : whole[...])
        switch state {
        case .outside:
            guard text.elementsEqual(Self.begin.utf8) else { return }
            guard start == nil else {
                hasMore = true
                return
            }
            start = lineStart
            state = .header
        case .header:
            if text.isEmpty {
                state = .text
                return
            }
            let name = String(decoding: text.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self).lowercased()
            // Anything else would be unsigned text that looks like part of the block.
            guard name == "hash" || name == "charset", text.count <= 200 else { throw oddHeader() }
        case .text:
            if text.elementsEqual(Self.signature.utf8) {
                signatures = whole
                state = .armor
            } else {
                guard whole.dropFirst().first == UInt8(ascii: " ") else { throw bareDash() }
                try take(whole.span.extracting(2..<whole.count), isWhole)
            }
        case .armor:
            signatures += whole
            guard signatures.count <= Self.longestSignature else {
                throw OpenPGPError(.limitExceeded, "the signature of the signed text is too long", offset: start)
            }
            guard text.elementsEqual(Self.end.utf8) else { return }
            stop = position
            state = .outside
        case .skipping, .line: break
        }
    }

    private func oddHeader() -> OpenPGPError {
        OpenPGPError(
            .malformed, "a cleartext-signed block has a header field that is not Hash", offset: lineStart)
    }

    private func bareDash() -> OpenPGPError {
        OpenPGPError(
            .malformed, "a line of signed text begins with a dash that is not escaped", offset: lineStart)
    }
}
