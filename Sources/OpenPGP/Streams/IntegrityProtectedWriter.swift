import Libcrypto

/// Writes a version 1 Symmetrically Encrypted and Integrity Protected Data packet (RFC 9580 section 5.13.1) as its plaintext
/// streams in: random prefix, CFB with a zero IV, SHA-1 over all of it in the closing MDC packet.
final class IntegrityProtectedWriter: ProtectedDataWriter {
    private let cipher: CFBEncryptor
    private let mdc: Digest
    private var body = PartialBodyWriter(.symmetricallyEncryptedIntegrityProtectedData)
    private var sealed: [UInt8] = []

    init(
        _ algorithm: SymmetricAlgorithm, sessionKey: SecretBytes, _ emit: (Span<UInt8>) throws -> Void
    ) throws {
        let blockSize = algorithm.blockSize
        cipher = try CFBEncryptor(algorithm, key: sessionKey, iv: [UInt8](repeating: 0, count: blockSize))
        mdc = try Digest(.sha1)
        sealed.reserveCapacity(PartialBodyWriter.chunkSize + 64)
        let version: [UInt8] = [1]
        try body.push(version.span, emit)
        var prefix = try SecureRandom.bytes(blockSize)
        prefix += prefix.suffix(2)
        try push(prefix.span, emit)
    }

    func push(_ plaintext: Span<UInt8>, _ emit: (Span<UInt8>) throws -> Void) throws {
        var piece: [UInt8] = []
        swap(&piece, &sealed)
        defer { swap(&piece, &sealed) }
        // In pieces that stay in the first-level cache between the hash, the cipher and the framing.
        var start = 0
        while start < plaintext.count {
            let end = min(start + PartialBodyWriter.chunkSize, plaintext.count)
            mdc.update(plaintext.extracting(start..<end))
            piece.removeAll(keepingCapacity: true)
            try cipher.update(plaintext.extracting(start..<end), into: &piece)
            try body.push(piece.span, emit)
            start = end
        }
    }

    func finish(_ emit: (Span<UInt8>) throws -> Void) throws {
        let header: [UInt8] = [0xD3, 0x14]
        try push(header.span, emit)
        let digest = mdc.finish()
        guard digest.count == 20 else {
            throw OpenPGPError(.integrityFailure, "libcrypto gave no SHA-1 for the modification detection code")
        }
        var piece: [UInt8] = []
        try cipher.update(digest.span, into: &piece)
        try body.push(piece.span, emit)
        try body.finish(emit)
    }
}
