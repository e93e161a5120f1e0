/// Frames a packet body of unknown length (RFC 9580 section 4.2.1.4): full chunks as partial bodies, the rest with a
/// definite length. A body that fits one chunk gets a plain definite length.
struct PartialBodyWriter {
    /// 32 KiB: far above the 512 octets the first partial body needs, and small enough to stay in cache.
    static let exponent = 15
    static let chunkSize = 1 << exponent

    private let tag: PacketTag
    private var isOpen = false
    private var buffer: [UInt8] = []

    init(_ tag: PacketTag) { self.tag = tag }

    /// Takes `bytes`; each full chunk is handed over with its header, as header then chunk.
    mutating func push(_ bytes: Span<UInt8>, _ emit: (Span<UInt8>) throws -> Void) rethrows {
        var start = 0
        // A chunk is written only when more follows, so that a body of exactly one chunk is not partial.
        while buffer.count + (bytes.count - start) > Self.chunkSize {
            if buffer.isEmpty {
                try header(isLast: false, count: Self.chunkSize, emit)
                try emit(bytes.extracting(start..<start + Self.chunkSize))
                start += Self.chunkSize
            } else {
                let taken = Self.chunkSize - buffer.count
                buffer.append(bytes.extracting(start..<start + taken))
                start += taken
                try header(isLast: false, count: Self.chunkSize, emit)
                try emit(buffer.span)
                buffer.removeAll(keepingCapacity: true)
            }
        }
        buffer.append(bytes.extracting(start..<bytes.count))
    }

    /// Writes the last chunk.
    mutating func finish(_ emit: (Span<UInt8>) throws -> Void) rethrows {
        try header(isLast: true, count: buffer.count, emit)
        try emit(buffer.span)
        buffer = []
    }

    private mutating func header(isLast: Bool, count: Int, _ emit: (Span<UInt8>) throws -> Void) rethrows {
        var header: [UInt8] = []
        if !isOpen {
            PacketWriter.writeTag(tag, into: &header)
            isOpen = true
        }
        if isLast {
            PacketWriter.writeLength(count, into: &header)
        } else {
            PacketWriter.writePartialLength(exponent: Self.exponent, into: &header)
        }
        try emit(header.span)
    }
}

extension [UInt8] {
    /// Appends a span in one copy.
    mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
