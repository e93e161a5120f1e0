import MIME

/// Undoes the transfer encoding of one part as it streams by, after its header if there is one in the stream.
struct PartDecoder {
    private var header: [UInt8]?
    private var decoder: ContentCodec.Decoder?
    private var isBroken = false
    private static let maxHeader = 8192

    /// For a body whose encoding is known.
    init(_ encoding: TransferEncoding) { start(encoding) }

    private init() { header = [] }

    /// For a part that begins with its header.
    static func afterHeader() -> PartDecoder { PartDecoder() }

    private mutating func start(_ encoding: TransferEncoding) {
        if case .other = encoding { isBroken = true }
        decoder = ContentCodec.Decoder(encoding)
    }

    mutating func push(_ bytes: Span<UInt8>, _ emit: (Span<UInt8>) -> Void) {
        var start = 0
        while start < bytes.count, header != nil, !isBroken {
            header?.append(bytes[start])
            start += 1
            endHeaderIfComplete()
        }
        guard start < bytes.count, !isBroken else { return }
        var output: [UInt8] = []
        decoder?.push(bytes.extracting(start..<bytes.count), into: &output)
        if !output.isEmpty { emit(output.span) }
    }

    /// Ends the part; false if its header or its encoding is broken.
    mutating func finish(_ emit: (Span<UInt8>) -> Void) -> Bool {
        guard !isBroken, header == nil else { return false }
        var output: [UInt8] = []
        decoder?.finish(into: &output)
        if !output.isEmpty { emit(output.span) }
        return true
    }

    private mutating func endHeaderIfComplete() {
        guard let bytes = header else { return }
        guard bytes.count <= Self.maxHeader else {
            isBroken = true
            return
        }
        guard bytes.last == Octet.lf else { return }
        let isEmpty = bytes == Octet.crlf || bytes == [Octet.lf]
        guard isEmpty || bytes.suffix(4).elementsEqual(Octet.crlf + Octet.crlf) || bytes.suffix(2) == [10, 10] else {
            return
        }
        header = nil
        guard let part = try? Message(parsing: bytes), part.root.children.isEmpty else {
            isBroken = true
            return
        }
        start(part.root.transferEncoding)
    }
}
