import Libcrypto

/// Decrypts the packet of type 9, which nothing protects against changes (RFC 9580 section 5.7). For archives only, where
/// the caller asks for it; never for mail.
final class UnprotectedReader: ProtectedDataReader {
    private let algorithm: SymmetricAlgorithm
    private let key: SecretBytes
    private var prefix: [UInt8] = []
    private var cipher: CFBDecryptor?
    private var plain: [UInt8] = []

    init(_ sessionKey: SessionKey) throws {
        guard let algorithm = sessionKey.algorithm.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(sessionKey.algorithm) is not supported")
        }
        self.algorithm = algorithm
        key = sessionKey.key
    }

    deinit { Wipe.wipe(&plain) }

    func push(_ ciphertext: Span<UInt8>, _ sink: (Span<UInt8>) throws -> Void) throws {
        var start = 0
        if cipher == nil {
            // The feedback starts anew after the random prefix, from the last block of its ciphertext. The two octets that
            // the prefix repeats are never looked at: they are an oracle.
            let size = algorithm.blockSize + 2
            start = min(size - prefix.count, ciphertext.count)
            prefix.append(ciphertext.extracting(0..<start))
            guard prefix.count == size else { return }
            cipher = try CFBDecryptor(algorithm, key: key, iv: Array(prefix.suffix(algorithm.blockSize)))
        }
        guard let cipher, start < ciphertext.count else { return }
        var piece: [UInt8] = []
        swap(&piece, &plain)
        defer { swap(&piece, &plain) }
        piece.removeAll(keepingCapacity: true)
        try cipher.update(ciphertext.extracting(start..<ciphertext.count), into: &piece)
        try sink(piece.span)
    }

    func finish(_ sink: (Span<UInt8>) throws -> Void) -> Bool { cipher != nil }
}
