import Libcrypto
import MIME
import OpenPGP

/// Collects a plain text and writes it as inline OpenPGP, for readers who know nothing else: one armored message (RFC 9580,
/// section 6), or for a signature alone the cleartext framework (section 7), always in UTF-8.
///
/// There is no standard for such mail, so it is made of the one form that everybody reads: a single text/plain entity.
final class InlineBody {
    private let content: ContentFields
    private let plan: ProtectionPlan
    private let time: Timestamp
    private let options: ProtectOptions
    private let collected: Spool

    /// nil for anything but a plain text, which has no inline form.
    init?(content: ContentFields, plan: ProtectionPlan, time: Timestamp, options: ProtectOptions) {
        let types = content.fields.filter { $0.isNamed("Content-Type") }
        let type = types.first.map { ContentType.parse($0.rawValue) } ?? .textPlain
        guard types.count < 2, type.mediaType == "text/plain",
            !content.fields.contains(where: { $0.isNamed("Content-Disposition") })
        else { return nil }
        self.content = content
        self.plan = plan
        self.time = time
        self.options = options
        collected = Spool(memoryLimit: options.spoolMemoryLimit, directory: options.spoolDirectory)
    }

    func push(_ bytes: Span<UInt8>) throws {
        guard bytes.count <= options.maxSignSize - collected.count else {
            throw ProtectedMailError(.tooLarge, "the message is larger than \(options.maxSignSize) octets")
        }
        try collected.append(bytes)
    }

    /// The new body and the fields that describe it; nil where the text is in a character set that is not known. What was
    /// collected can then be had from `replay`.
    func finish() throws -> (body: Spool, fields: [(name: String, value: String)])? {
        var bytes = content.inner + Octet.crlf
        try collected.forEachChunk { bytes.append($0) }
        let message = try Message(parsing: bytes)
        guard let text = message.text(of: message.root) else { return nil }
        var octets = LineEnds.canonical(Array(text.utf8))
        if !octets.isEmpty, octets.last != Octet.lf { octets += Octet.crlf }
        var encoding = " 7bit"
        var output: [UInt8]
        if plan.encrypt {
            output = try encrypted(octets)
        } else {
            output = try signed(octets)
            if !Self.isSafe(output) {
                encoding = " quoted-printable"
                var encoder = QuotedPrintableEncoder()
                var encoded: [UInt8] = []
                encoder.push(output.span, into: &encoded)
                encoder.finish(into: &encoded)
                output = encoded
            }
        }
        let body = Spool(
            memoryLimit: options.spoolMemoryLimit, directory: options.spoolDirectory, isSecret: !plan.encrypt)
        try body.append(output)
        return (
            body,
            [("Content-Type", " text/plain; charset=utf-8"), ("Content-Transfer-Encoding", encoding)]
        )
    }

    /// Hands on what was collected.
    func replay(_ take: (Span<UInt8>) throws -> Void) throws { try collected.forEachChunk { try take($0) } }

    private func encrypted(_ text: [UInt8]) throws -> [UInt8] {
        guard !plan.recipients.isEmpty else {
            throw ProtectedMailError(.noRecipients, "encryption without a single recipient")
        }
        var encryption = EncryptionOptions()
        encryption.lineEnding = .crlf
        encryption.cipher = options.cipher
        let encryptor = try MessageEncryptor(
            recipients: plan.recipients, signers: plan.sign ? plan.signer.map { [$0] } ?? [] : [], options: encryption,
            time: time)
        var output: [UInt8] = []
        try encryptor.push(text.span, into: &output)
        try encryptor.finish(into: &output)
        return output
    }

    private func signed(_ text: [UInt8]) throws -> [UInt8] {
        guard let signer = plan.signer else {
            throw ProtectedMailError(.noSigner, "the plan asks for a signature and names no key")
        }
        return try CleartextSignature.sign(text, keys: [signer], lineEnding: .crlf, time: time)
    }

    /// Whether every way a mail may take leaves the text as it is (RFC 3156, section 3).
    private static func isSafe(_ text: [UInt8]) -> Bool {
        var safety = SevenBitSafety()
        // The check begins in a header.
        let head: [UInt8] = Octet.crlf
        safety.push(head.span)
        safety.push(text.span)
        safety.finish()
        return safety.isSafe
    }
}
