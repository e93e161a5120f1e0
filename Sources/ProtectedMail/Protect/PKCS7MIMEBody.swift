import CMS
import Libcrypto
import MIME
import OpenPGP

/// Writes the body of an application/pkcs7-mime message (RFC 8551, section 3.2) around CMS data that is made as the
/// content arrives: encrypted, signed and then encrypted, or signed opaquely. Clear text is a window; what is encrypted
/// needs no 7-bit safety, because it travels as base64.
final class PKCS7MIMEBody {
    /// Value of the message's Content-Type field.
    let contentType: String
    /// The other fields that describe the body.
    static let fields: [(name: String, value: String)] = [
        ("Content-Transfer-Encoding", " base64"), ("Content-Disposition", " attachment; filename=\"smime.p7m\""),
        ("Content-Description", " S/MIME message"),
    ]

    private let output: Output
    private let layer: any ContentLayer

    /// The base64 text on its way into the spool.
    private final class Output {
        let spool: Spool
        private var encoder = Base64.Encoder(lineLength: 64, lineEnding: .crlf)
        private var text: [UInt8] = []
        /// Handed on in pieces of about this size: one record of the spool.
        private static let pieceSize = 64 << 10

        init(_ options: ProtectOptions) {
            spool = Spool(memoryLimit: options.spoolMemoryLimit, directory: options.spoolDirectory)
        }

        func push(_ bytes: Span<UInt8>) throws {
            encoder.push(bytes, into: &text)
            if text.count >= Self.pieceSize { try flush() }
        }

        func finish() throws -> Spool {
            encoder.finish(into: &text)
            try flush()
            return spool
        }

        private func flush() throws {
            try spool.append(text)
            text.removeAll(keepingCapacity: true)
        }
    }

    init(content: ContentFields, plan: SMIMEPlan, time: Timestamp, options: ProtectOptions) throws {
        let output = Output(options)
        self.output = output
        let entityHead = content.inner + Octet.crlf
        let type: String
        if plan.recipients.isEmpty {
            type = "signed-data"
            guard let signer = plan.signer else { throw ProtectedMailError(.noSigner, "the plan names nobody to sign") }
            layer = try OpaqueLayer(signer, plan.chain, time) { try output.push($0) }
        } else {
            let cipher = plan.cipher
            type = cipher.isAuthenticated ? "authEnveloped-data" : "enveloped-data"
            let writer = try EnvelopedDataWriter(
                recipients: plan.recipients.map { CMSRecipient($0.certificate) }, cipher: cipher
            ) { try output.push($0) }
            if let signer = plan.signer {
                layer = try SignedLayer(
                    SMIMEEntitySigner(signer: signer, chain: plan.chain, time: time), boundary: options.boundary, writer
                )
            } else {
                layer = EnvelopeLayer(writer)
            }
        }
        contentType = " application/pkcs7-mime; smime-type=\(type);\n name=\"smime.p7m\""
        try layer.push(entityHead.span)
    }

    func push(_ bytes: Span<UInt8>) throws { try layer.push(bytes) }

    func finish() throws -> Spool {
        try layer.finish()
        return try output.finish()
    }
}

/// What the entity goes through on its way into the body.
private protocol ContentLayer: AnyObject {
    func push(_ bytes: Span<UInt8>) throws
    func finish() throws
}

private final class EnvelopeLayer: ContentLayer {
    private let writer: EnvelopedDataWriter

    init(_ writer: EnvelopedDataWriter) { self.writer = writer }

    func push(_ bytes: Span<UInt8>) throws { try writer.push(bytes) }
    func finish() throws { try writer.finish() }
}

private final class OpaqueLayer: ContentLayer {
    private let writer: SignedDataWriter

    init(_ signer: CMSSigner, _ chain: [X509Certificate], _ time: Timestamp, _ sink: @escaping CMSSink) throws {
        writer = try SignedDataWriter(
            signers: [signer], form: .opaque, options: .init(signingTime: time.seconds), certificates: chain,
            sink: sink)
    }

    func push(_ bytes: Span<UInt8>) throws { try writer.push(bytes) }
    func finish() throws { try writer.finish() }
}

/// multipart/signed around the entity, all of it encrypted (RFC 8551, section 3.7).
private final class SignedLayer: ContentLayer {
    private let signer: any EntitySigner
    private let writer: EnvelopedDataWriter
    private let boundary: String

    init(_ signer: any EntitySigner, boundary: String?, _ writer: EnvelopedDataWriter) throws {
        self.signer = signer
        self.writer = writer
        self.boundary = try boundary ?? Boundary.random()
        let head =
            "Content-Type: multipart/signed; \(signer.parameters);\r\n boundary=\"\(self.boundary)\"\r\n\r\n"
            + "--\(self.boundary)\r\n"
        try writer.push(Array(head.utf8))
    }

    func push(_ bytes: Span<UInt8>) throws {
        try signer.push(bytes)
        try writer.push(bytes)
    }

    func finish() throws {
        try writer.push(Array("\r\n--\(boundary)\r\n".utf8) + signer.part() + Array("\r\n--\(boundary)--\r\n".utf8))
        try writer.finish()
    }
}
