import NIOSSL

/// The lines of a client, and the replies to it. Replies leave when nothing more of the client is at hand, so that a
/// group of commands gets a group of replies (RFC 2920).
struct CommandLines {
    enum Line {
        /// Without its CR LF.
        case line([UInt8])
        case tooLong
        /// A line that ends in LF alone, or has a CR that ends nothing.
        case bareLineEnd
        case end, timeout, interrupted
    }

    let link: ClientLink
    private let timeout: Double
    /// What came and was not looked at yet.
    private var input: ArraySlice<UInt8> = []
    private var output: [UInt8] = []
    /// Whether the rest of a line that was too long is still to come.
    private var isSkipping = false
    /// A reply was not taken: nobody is there.
    private var isDead = false

    init(_ link: ClientLink, timeout: Double) {
        self.link = link
        self.timeout = timeout
    }

    /// Whether the client sent something already that nobody asked for.
    var hasInput: Bool { !input.isEmpty }

    mutating func next() -> Line {
        while true {
            if let end = input.firstIndex(of: 0x0A) {
                let line = input[..<end]
                input = input[input.index(after: end)...]
                if isSkipping {
                    isSkipping = false
                    return .tooLong
                }
                guard line.last == 0x0D, !line.dropLast().contains(0x0D) else { return .bareLineEnd }
                guard line.count <= CommandParser.maxLineLength + 1 else { return .tooLong }
                return .line(Array(line.dropLast()))
            }
            if input.count > CommandParser.maxLineLength + 2 {
                isSkipping = true
                input = []
            }
            switch fill(seconds: timeout) {
            case .bytes(let bytes)?: input = input.isEmpty ? bytes[...] : input + bytes
            case .end?: return .end
            case .interrupted?: return .interrupted
            case nil: return .timeout
            }
        }
    }

    /// The next octets of the content, which are not looked at here.
    mutating func content(seconds: Double) -> ClientLink.Input? {
        guard input.isEmpty else {
            defer { input = [] }
            return .bytes(Array(input))
        }
        return fill(seconds: seconds)
    }

    /// Octets that turned out to be no content.
    mutating func giveBack(_ bytes: ArraySlice<UInt8>) { input = bytes }

    private mutating func fill(seconds: Double) -> ClientLink.Input? {
        flush()
        return isDead ? .end : link.read(seconds: seconds)
    }

    /// Adds a reply; what is in it cannot end a line, and is ASCII.
    mutating func say(_ reply: ServerReply) {
        for (index, line) in reply.lines.enumerated() {
            let separator = index == reply.lines.count - 1 ? " " : "-"
            output += "\(reply.code)\(separator)".utf8
            output += line.unicodeScalars.prefix(500).map { 0x20...0x7E ~= $0.value ? UInt8($0.value) : 0x3F }
            output += [0x0D, 0x0A]
        }
        if output.count > 8 << 10 { flush() }
    }

    /// - Parameter isWatched: whether to go on only when the replies have left.
    mutating func flush(isWatched: Bool = false) {
        guard !output.isEmpty, !isDead else { return }
        isDead = !link.write(output, seconds: timeout, isWatched: isWatched)
        output = []
    }

    /// Says `reply` and goes on in TLS; false where the client did not wait for it.
    mutating func startTLS(after reply: ServerReply, context: NIOSSLContext) -> Bool {
        guard !hasInput else { return false }
        flush()
        say(reply)
        defer { output = [] }
        return link.startTLS(after: output, context: context)
    }
}
