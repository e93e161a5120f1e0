import COpenSSL

/// base64 (RFC 4648) at the speed of the ciphers around it.
public enum Base64 {
    public enum LineEnding: Sendable { case lf, crlf }

    /// Appends `bytes` in lines of `lineLength` characters (a multiple of 4), each ended by `lineEnding`, the last one too;
    /// a `lineLength` of 0 writes one run without line ends.
    public static func encode(
        _ bytes: Span<UInt8>, lineLength: Int = 64, lineEnding: LineEnding = .lf, into output: inout [UInt8]
    ) {
        if lineLength == 0 {
            bytes.withUnsafeBufferPointer { input in
                guard let base = input.baseAddress else { return }
                output.appendUninitialized(upTo: (input.count + 2) / 3 * 4) {
                    guardd_base64_encode_tail($0, base, input.count)
                }
            }
            return
        }
        var encoder = Encoder(lineLength: lineLength, lineEnding: lineEnding)
        encoder.push(bytes, into: &output)
        encoder.finish(into: &output)
    }

    /// Encodes a stream; a line is written as soon as it is complete.
    public struct Encoder: Sendable {
        private var pending: [UInt8] = []
        private let line: Int
        private let crlf: Int32

        public init(lineLength: Int = 64, lineEnding: LineEnding = .lf) {
            line = max(1, lineLength / 4) * 3
            crlf = lineEnding == .crlf ? 1 : 0
            pending.reserveCapacity(line)
        }

        public mutating func push(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
            bytes.withUnsafeBufferPointer { input in
                guard var base = input.baseAddress else { return }
                var count = input.count
                if !pending.isEmpty {
                    let taken = min(line - pending.count, count)
                    pending.append(contentsOf: UnsafeBufferPointer(start: base, count: taken))
                    base += taken
                    count -= taken
                    if pending.count == line {
                        pending.withUnsafeBufferPointer {
                            if let start = $0.baseAddress { lines(start, line, &output) }
                        }
                        pending.removeAll(keepingCapacity: true)
                    }
                }
                let whole = count / line * line
                if whole > 0 { lines(base, whole, &output) }
                pending.append(contentsOf: UnsafeBufferPointer(start: base + whole, count: count - whole))
            }
        }

        private func lines(_ input: UnsafePointer<UInt8>, _ count: Int, _ output: inout [UInt8]) {
            output.appendUninitialized(upTo: count / line * (line / 3 * 4 + 2)) {
                guardd_base64_encode_lines($0, input, count, line, crlf)
            }
        }

        /// Writes the last, shorter line.
        public mutating func finish(into output: inout [UInt8]) {
            guard !pending.isEmpty else { return }
            pending.withUnsafeBufferPointer { input in
                guard let base = input.baseAddress else { return }
                output.appendUninitialized(upTo: (input.count + 2) / 3 * 4) {
                    guardd_base64_encode_tail($0, base, input.count)
                }
            }
            if crlf == 1 { output.append(13) }
            output.append(10)
            pending.removeAll(keepingCapacity: true)
        }
    }

    /// Decodes a stream, skipping spaces, tabs and line ends wherever they stand.
    public struct Decoder: Sendable {
        private var state = guardd_base64_state()

        public init() {}

        /// Whether padding was seen: nothing but white space may follow.
        public var hasEnded: Bool { state.padding > 0 }

        /// Whether what was pushed so far ends between groups, with its padding complete.
        public var isComplete: Bool { state.count == 0 || state.count + state.padding == 4 }

        /// Appends the octets. Returns how many characters were used: fewer than `text.count` when a character has no place
        /// in base64 or follows the padding; the caller decides what that means.
        public mutating func push(_ text: Span<UInt8>, into output: inout [UInt8]) -> Int {
            var used = 0
            text.withUnsafeBufferPointer { input in
                guard let base = input.baseAddress, input.count > 0 else { return }
                output.appendUninitialized(upTo: input.count / 4 * 3 + 35) {
                    guardd_base64_decode(&state, $0, base, input.count, &used)
                }
            }
            return used
        }

        /// Appends the octets of an unfinished last group, for text whose padding is missing; false if a single
        /// character is left over.
        public mutating func finishUnpadded(into output: inout [UInt8]) -> Bool {
            defer { state = guardd_base64_state() }
            guard state.padding == 0 else { return isComplete }
            switch state.count {
            case 0: break
            case 2: output.append(UInt8(truncatingIfNeeded: state.bits >> 4))
            case 3:
                output.append(UInt8(truncatingIfNeeded: state.bits >> 10))
                output.append(UInt8(truncatingIfNeeded: state.bits >> 2))
            default: return false
            }
            return true
        }
    }

    /// The octets of one complete text, or nil if it is not base64 to its end (white space is skipped).
    public static func decode(_ text: [UInt8]) -> [UInt8]? {
        var decoder = Decoder()
        var output: [UInt8] = []
        guard decoder.push(text.span, into: &output) == text.count, decoder.isComplete else { return nil }
        return output
    }
}

extension Array where Element == UInt8 {
    /// Appends what `body` writes at the pointer (it returns how much, at most `limit`), growing by doubling.
    mutating func appendUninitialized(upTo limit: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int) {
        append(addingCapacity: limit) { (free: inout OutputSpan<UInt8>) in
            free.withUnsafeMutableBufferPointer { buffer, written in
                if let base = buffer.baseAddress { written = body(base) }
            }
        }
    }
}
