import Libcrypto

/// Decrypts chunked AEAD data as it streams: each chunk is authentic before it is given out, and the closing tag tells
/// whether any is missing (RFC 9580 section 5.13.2).
final class AEADReader: ProtectedDataReader {
    private let chunks: AEADChunks
    private var waiting: [UInt8] = []
    private var plain: [UInt8] = []
    private var index: UInt64 = 0
    private var total: UInt64 = 0
    private var isBroken = false

    init(_ chunks: AEADChunks) { self.chunks = chunks }

    deinit { Wipe.wipe(&plain) }

    func push(_ ciphertext: Span<UInt8>, _ sink: (Span<UInt8>) throws -> Void) throws {
        guard !isBroken else { return }
        // What may be the closing tag stays behind.
        let whole = chunks.size + AEADAlgorithm.tagSize
        let needed = whole + AEADAlgorithm.tagSize
        var start = 0
        if !waiting.isEmpty {
            while waiting.count + ciphertext.count - start >= needed, !waiting.isEmpty {
                let taken = max(0, whole - waiting.count)
                waiting.append(ciphertext.extracting(start..<start + taken))
                start += taken
                var chunk: [UInt8] = []
                swap(&chunk, &waiting)
                defer { swap(&chunk, &waiting) }
                try open(chunk.span.extracting(0..<whole), sink)
                guard !isBroken else { return }
                chunk.removeFirst(whole)
            }
        }
        while waiting.isEmpty, ciphertext.count - start >= needed {
            try open(ciphertext.extracting(start..<start + whole), sink)
            guard !isBroken else { return }
            start += whole
        }
        if start < ciphertext.count { waiting.append(ciphertext.extracting(start..<ciphertext.count)) }
    }

    private func open(_ sealed: Span<UInt8>, _ sink: (Span<UInt8>) throws -> Void) throws {
        var piece: [UInt8] = []
        swap(&piece, &plain)
        defer { swap(&piece, &plain) }
        piece.removeAll(keepingCapacity: true)
        guard try chunks.open(sealed, index: index, into: &piece) else {
            isBroken = true
            return
        }
        index += 1
        total += UInt64(piece.count)
        try sink(piece.span)
    }

    func finish(_ sink: (Span<UInt8>) throws -> Void) throws -> Bool {
        let tag = AEADAlgorithm.tagSize
        guard !isBroken, waiting.count == tag || waiting.count >= 2 * tag else { return false }
        let rest = waiting
        let end = rest.count - tag
        if end > 0 { try open(rest.span.extracting(0..<end), sink) }
        guard !isBroken else { return false }
        var nothing: [UInt8] = []
        return try chunks.open(rest.span.extracting(end..<rest.count), index: index, total: total, into: &nothing)
    }
}
