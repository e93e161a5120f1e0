import Libcrypto
import MIME

/// Collects a message and writes it as multipart/signed (RFC 1847, section 2.1): the entity, made safe for 7-bit
/// transport where it is not, and a detached signature over exactly the bytes that are sent.
final class SignedBody {
    let contentType: String
    private let boundary: String
    private let content: ContentFields
    private let options: ProtectOptions
    private let signer: any EntitySigner
    private let collected: Spool
    private var safety = SevenBitSafety()
    private var size = 0

    init(content: ContentFields, signer: any EntitySigner, options: ProtectOptions) throws {
        boundary = try options.boundary ?? Boundary.random()
        self.content = content
        self.options = options
        self.signer = signer
        let parameters = signer.parameters.split(separator: "\r").joined()
        contentType = " multipart/signed; \(parameters);\n boundary=\"\(boundary)\""
        collected = Spool(memoryLimit: options.spoolMemoryLimit, directory: options.spoolDirectory)
        let head = content.inner + Octet.crlf
        safety.push(head.span)
    }

    func push(_ bytes: Span<UInt8>) throws {
        let (total, overflow) = size.addingReportingOverflow(bytes.count)
        guard !overflow, total <= options.maxSignSize else {
            throw ProtectedMailError(.tooLarge, "the message is larger than \(options.maxSignSize) octets")
        }
        size = total
        safety.push(bytes)
        try collected.append(bytes)
    }

    func finish() throws -> Spool {
        safety.finish()
        let output = Spool(memoryLimit: options.spoolMemoryLimit, directory: options.spoolDirectory)
        try output.append(Array("--\(boundary)\r\n".utf8))
        let head = content.inner + Octet.crlf
        if safety.isSafe, !declaresEightBit {
            try add(head.span, to: output)
            try collected.forEachChunk { try add($0, to: output) }
        } else {
            var bytes = head
            bytes.reserveCapacity(head.count + collected.count)
            try collected.forEachChunk { bytes.append($0) }
            let entity = try SevenBitRewriter.rewrite(bytes)
            try add(entity.span, to: output)
        }
        // The line end before the delimiter is the delimiter's and not signed.
        try output.append(Array("\r\n--\(boundary)\r\n".utf8))
        try output.append(signer.part())
        try output.append(Array("\r\n--\(boundary)--\r\n".utf8))
        return output
    }

    /// What is signed is what is sent.
    private func add(_ piece: Span<UInt8>, to output: Spool) throws {
        try signer.push(piece)
        try output.append(piece)
    }

    /// A mail server that has to send to one without 8BITMIME rewrites what is declared 8bit, whatever it holds.
    private var declaresEightBit: Bool {
        content.fields.contains { field in
            guard field.isNamed("Content-Transfer-Encoding") else { return false }
            switch TransferEncoding(parsing: field.rawValue) {
            case .eightBit, .binary: return true
            case .sevenBit, .quotedPrintable, .base64, .other: return false
            }
        }
    }
}
