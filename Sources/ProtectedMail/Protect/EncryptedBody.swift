import Libcrypto
import OpenPGP

/// Writes the body of a multipart/encrypted message (RFC 3156, section 4) around an OpenPGP message that is made as the
/// content arrives.
final class EncryptedBody {
    let contentType: String
    private let tail: [UInt8]
    private let encryptor: MessageEncryptor
    private let spool: Spool
    private var text: [UInt8] = []
    /// Content goes in, and ciphertext is handed on, in pieces of about this size, which stay in the processor's cache.
    private static let pieceSize = 32 << 10

    init(content: ContentFields, plan: ProtectionPlan, time: Timestamp, options: ProtectOptions) throws {
        guard !plan.recipients.isEmpty else {
            throw ProtectedMailError(.noRecipients, "encryption without a single recipient")
        }
        let boundary = try options.boundary ?? Boundary.random()
        contentType = " multipart/encrypted; protocol=\"application/pgp-encrypted\";\n boundary=\"\(boundary)\""
        tail = Array("\r\n--\(boundary)--\r\n".utf8)
        spool = Spool(memoryLimit: options.spoolMemoryLimit, directory: options.spoolDirectory, isSecret: false)
        var encryption = EncryptionOptions()
        encryption.lineEnding = .crlf
        encryption.cipher = options.cipher
        let signers = plan.sign ? plan.signer.map { [$0] } ?? [] : []
        encryptor = try MessageEncryptor(recipients: plan.recipients, signers: signers, options: encryption, time: time)
        text += Self.head(boundary: boundary).utf8
        try push((content.inner + Octet.crlf).span)
    }

    /// Boring on purpose: the same structure, names and order as other mail programs write, so that nothing on the way
    /// takes offence at it.
    private static func head(boundary: String) -> String {
        """
        --\(boundary)\r
        Content-Type: application/pgp-encrypted\r
        Content-Description: PGP/MIME version identification\r
        \r
        Version: 1\r
        \r
        --\(boundary)\r
        Content-Type: application/octet-stream; name="encrypted.asc"\r
        Content-Description: OpenPGP encrypted message\r
        Content-Disposition: inline; filename="encrypted.asc"\r
        \r

        """
    }

    func push(_ bytes: Span<UInt8>) throws {
        // Large pieces are cut, so that what waits between the layers stays small whatever the caller hands in.
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Self.pieceSize)
            try encryptor.push(bytes.extracting(start..<end), into: &text)
            if text.count >= Self.pieceSize { try flush() }
            start = end
        }
    }

    func finish() throws -> Spool {
        try encryptor.finish(into: &text)
        text += tail
        try flush()
        return spool
    }

    private func flush() throws {
        try spool.append(text)
        text.removeAll(keepingCapacity: true)
    }
}
