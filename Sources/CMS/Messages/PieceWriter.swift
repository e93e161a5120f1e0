/// Where the octets of a message go, in pieces; each is lent for the duration of the call.
public typealias CMSSink = (Span<UInt8>) throws -> Void

/// Cuts a stream into OCTET STRINGs of moderate size, as BER of indefinite length wants them.
struct PieceWriter {
    /// Octets of one piece, at least.
    static let size = 32 << 10

    private let sink: CMSSink
    private var waiting: [UInt8] = []

    init(sink: @escaping CMSSink) { self.sink = sink }

    mutating func append(_ bytes: Span<UInt8>) throws {
        if waiting.isEmpty, bytes.count >= Self.size { return try emit(bytes) }
        bytes.withUnsafeBufferPointer { waiting.append(contentsOf: $0) }
        if waiting.count >= Self.size { try flush() }
    }

    mutating func flush() throws {
        guard !waiting.isEmpty else { return }
        try emit(waiting.span)
        waiting.removeAll(keepingCapacity: true)
    }

    private func emit(_ bytes: Span<UInt8>) throws {
        let header = DER.header(0x04, bytes.count)
        try sink(header.span)
        try sink(bytes)
    }
}
