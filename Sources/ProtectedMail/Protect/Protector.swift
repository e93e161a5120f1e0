import Libcrypto
public import MIME
public import OpenPGP

/// Protects one outgoing message as PGP/MIME (RFC 3156) or S/MIME (RFC 8551): the header first, then the body in any pieces, and at the end
/// the edits of the header and the new body.
///
/// What is protected is the MIME entity that the message is: its Content-* fields exactly as they came (order,
/// spelling, folding; line ends CRLF), a blank line, and the body. Everything else of the header stays outside.
///
/// Encrypting needs constant memory: clear text goes into the encryptor as it arrives, ciphertext into a spool.
/// Signing alone collects the message in a sealed spool, because it may have to be re-coded to survive 7-bit transport.
///
/// Not thread-safe; one object per message, and no use after `finish` or an error.
public final class Protector {
    private enum Engine {
        case encrypt(EncryptedBody)
        case pkcs7(PKCS7MIMEBody)
        case sign(SignedBody)
        case inline(InlineBody, otherwise: () throws -> Engine)
        case finished
    }

    private let content: ContentFields
    private var engine: Engine

    /// Starts the work.
    ///
    /// - Parameters:
    ///   - header: all fields of the message in order, values with their leading space, folded with LF or CRLF.
    ///   - plan: what to do to whom.
    ///   - time: the time of the signature.
    /// - Throws: `ProtectedMailError` with `emptyPlan`, `noRecipients` or `noSigner`; errors of the layers below.
    public convenience init(
        header: [HeaderField], plan: ProtectionPlan, time: Timestamp, options: ProtectOptions = .init()
    ) throws {
        try self.init(header: header, protection: .openpgp(plan), time: time, options: options)
    }

    /// The same for either protocol.
    public init(
        header: [HeaderField], protection: Protection, time: Timestamp, options: ProtectOptions = .init()
    ) throws {
        content = ContentFields(header)
        switch protection {
        case .openpgp(let plan): engine = try Self.engine(content, plan, time, options)
        case .smime(let plan): engine = try Self.engine(content, plan, time, options)
        }
    }

    private static func engine(
        _ content: ContentFields, _ plan: SMIMEPlan, _ time: Timestamp, _ options: ProtectOptions
    ) throws -> Engine {
        guard !plan.recipients.isEmpty || plan.signer != nil else {
            throw ProtectedMailError(.emptyPlan, "the plan asks for neither encryption nor a signature")
        }
        guard plan.recipients.isEmpty, plan.signatureForm == .detached, let signer = plan.signer else {
            return .pkcs7(try PKCS7MIMEBody(content: content, plan: plan, time: time, options: options))
        }
        return .sign(
            try SignedBody(
                content: content, signer: SMIMEEntitySigner(signer: signer, chain: plan.chain, time: time),
                options: options))
    }

    private static func engine(
        _ content: ContentFields, _ plan: ProtectionPlan, _ time: Timestamp, _ options: ProtectOptions
    ) throws -> Engine {
        guard plan.encrypt || plan.sign else {
            throw ProtectedMailError(.emptyPlan, "the plan asks for neither encryption nor a signature")
        }
        if plan.sign, plan.signer == nil {
            throw ProtectedMailError(.noSigner, "the plan asks for a signature and names no key")
        }
        if plan.form == .inline,
            let body = InlineBody(content: content, plan: plan, time: time, options: options)
        {
            var other = plan
            other.form = .mime
            return .inline(body) { [other] in try engine(content, other, time, options) }
        }
        if plan.encrypt {
            return .encrypt(try EncryptedBody(content: content, plan: plan, time: time, options: options))
        }
        guard let signer = plan.signer else {
            throw ProtectedMailError(.noSigner, "the plan asks for a signature and names no key")
        }
        return .sign(
            try SignedBody(content: content, signer: OpenPGPEntitySigner(key: signer, time: time), options: options))
    }

    /// Takes the next piece of the body, line ends CRLF. Throws what the layers below throw, as for a full disk.
    public func push(_ body: Span<UInt8>) throws {
        switch engine {
        case .encrypt(let encrypted): try encrypted.push(body)
        case .pkcs7(let data): try data.push(body)
        case .sign(let signed): try signed.push(body)
        case .inline(let inline, _): try inline.push(body)
        case .finished: throw ProtectedMailError(.finished, "body bytes after the end")
        }
    }

    /// Ends the message.
    ///
    /// - Throws: for sign-only `unsafeSignedPart`, `malformed` or `tooLarge`; errors of the layers below.
    public func finish() throws -> ProtectedMessage {
        let engine = engine
        self.engine = .finished
        switch engine {
        case .encrypt(let encrypted): return message(try encrypted.finish(), type: encrypted.contentType)
        case .pkcs7(let data): return message(try data.finish(), type: data.contentType, PKCS7MIMEBody.fields)
        case .sign(let signed): return message(try signed.finish(), type: signed.contentType)
        case .inline(let inline, let otherwise):
            if let (body, fields) = try inline.finish() { return message(body, fields) }
            self.engine = try otherwise()
            try inline.replay { try push($0) }
            return try finish()
        case .finished: throw ProtectedMailError(.finished, "the message has already been finished")
        }
    }

    private func message(
        _ body: Spool, type: String, _ more: [(name: String, value: String)] = []
    ) -> ProtectedMessage {
        message(body, [(name: "Content-Type", value: type)] + more)
    }

    private func message(_ body: Spool, _ fields: [(name: String, value: String)]) -> ProtectedMessage {
        let edits = content.removals + content.version + fields.map { .append(name: $0.name, value: $0.value) }
        return ProtectedMessage(headerEdits: edits, body: body)
    }
}
