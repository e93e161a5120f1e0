import Libcrypto

/// Writes a version 2 Symmetrically Encrypted and Integrity Protected Data packet (RFC 9580 section 5.13.2) as its
/// plaintext streams in.
final class AEADWriter: ProtectedDataWriter {
    /// 64 KiB: the work for each chunk hardly counts any more, and a reader holds no more than that.
    private static let sizeOctet: UInt8 = 10

    private let chunks: AEADChunks
    private var body = PartialBodyWriter(.symmetricallyEncryptedIntegrityProtectedData)
    private var waiting: [UInt8] = []
    private var sealed: [UInt8] = []
    private var index: UInt64 = 0
    private var total: UInt64 = 0

    init(_ suite: CipherSuite, sessionKey: SecretBytes, _ emit: (Span<UInt8>) throws -> Void) throws {
        let salt = try SecureRandom.bytes(32)
        chunks = try AEADChunks(suite: suite, sizeOctet: Self.sizeOctet, sessionKey: sessionKey, salt: salt)
        let header = [2, suite.cipher.rawValue, suite.aead.rawValue, Self.sizeOctet] + salt
        try body.push(header.span, emit)
    }

    deinit { Wipe.wipe(&waiting) }

    func push(_ plaintext: Span<UInt8>, _ emit: (Span<UInt8>) throws -> Void) throws {
        var start = 0
        if !waiting.isEmpty {
            start = min(chunks.size - waiting.count, plaintext.count)
            waiting.append(plaintext.extracting(0..<start))
            guard waiting.count == chunks.size else { return }
            var chunk: [UInt8] = []
            swap(&chunk, &waiting)
            defer { swap(&chunk, &waiting) }
            try seal(chunk.span, emit)
            chunk.removeAll(keepingCapacity: true)
        }
        while plaintext.count - start >= chunks.size {
            try seal(plaintext.extracting(start..<start + chunks.size), emit)
            start += chunks.size
        }
        if start < plaintext.count { waiting.append(plaintext.extracting(start..<plaintext.count)) }
    }

    private func seal(_ plaintext: Span<UInt8>, _ emit: (Span<UInt8>) throws -> Void) throws {
        var piece: [UInt8] = []
        swap(&piece, &sealed)
        defer { swap(&piece, &sealed) }
        piece.removeAll(keepingCapacity: true)
        try chunks.seal(plaintext, index: index, into: &piece)
        index += 1
        total += UInt64(plaintext.count)
        try body.push(piece.span, emit)
    }

    func finish(_ emit: (Span<UInt8>) throws -> Void) throws {
        if !waiting.isEmpty {
            let last = waiting
            try seal(last.span, emit)
        }
        let nothing: [UInt8] = []
        var tag: [UInt8] = []
        try chunks.seal(nothing.span, index: index, total: total, into: &tag)
        try body.push(tag.span, emit)
        try body.finish(emit)
    }
}
