import Libcrypto

/// Decrypts the body of a version 1 SEIPD packet as it streams (RFC 9580 section 5.13.1). What it gives out is not to be
/// trusted before `finish()` has found the modification detection code right. The repeated octets of the prefix are never
/// looked at: they are an oracle.
final class IntegrityProtectedReader: ProtectedDataReader {
    /// The MDC packet: two octets of header and a SHA-1.
    private static let trailerSize = 22

    private let cipher: CFBDecryptor
    private let mdc: Digest
    private var prefix: Int
    private var work: [UInt8] = []

    init(_ sessionKey: SessionKey) throws {
        guard let algorithm = sessionKey.algorithm.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(sessionKey.algorithm) is not supported")
        }
        cipher = try CFBDecryptor(
            algorithm, key: sessionKey.key, iv: [UInt8](repeating: 0, count: algorithm.blockSize))
        mdc = try Digest(.sha1)
        prefix = algorithm.blockSize + 2
    }

    func push(_ ciphertext: Span<UInt8>, _ sink: (Span<UInt8>) throws -> Void) throws {
        var piece: [UInt8] = []
        swap(&piece, &work)
        defer { swap(&piece, &work) }
        var start = 0
        while start < ciphertext.count {
            let end = min(start + 1 << 16, ciphertext.count)
            try cipher.update(ciphertext.extracting(start..<end), into: &piece)
            start = end
            let ready = piece.count - Self.trailerSize
            guard ready > 0 else { continue }
            mdc.update(piece.span.extracting(0..<ready))
            let skipped = min(prefix, ready)
            prefix -= skipped
            if skipped < ready { try sink(piece.span.extracting(skipped..<ready)) }
            piece.removeFirst(ready)
        }
    }

    /// Whether the message is whole and unchanged.
    func finish(_ sink: (Span<UInt8>) throws -> Void) -> Bool {
        var trailer: [UInt8] = []
        swap(&trailer, &work)
        defer { Wipe.wipe(&trailer) }
        guard trailer.count == Self.trailerSize, prefix == 0 else { return false }
        mdc.update(trailer.span.extracting(0..<2))
        let expected: [UInt8] = [0xD3, 0x14] + mdc.finish()
        return constantTimeEqual(expected, trailer)
    }
}
