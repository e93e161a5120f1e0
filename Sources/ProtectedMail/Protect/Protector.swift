import Libcrypto
public import MIME
public import OpenPGP

/// Protects one outgoing message as PGP/MIME (RFC 3156): the header first, then the body in any pieces, and at the end
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
        case sign(SignedBody)
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
    public init(header: [HeaderField], plan: ProtectionPlan, time: Timestamp, options: ProtectOptions = .init()) throws
    {
        content = ContentFields(header)
        guard plan.encrypt || plan.sign else {
            throw ProtectedMailError(.emptyPlan, "the plan asks for neither encryption nor a signature")
        }
        if plan.sign, plan.signer == nil {
            throw ProtectedMailError(.noSigner, "the plan asks for a signature and names no key")
        }
        if plan.encrypt {
            engine = .encrypt(try EncryptedBody(content: content, plan: plan, time: time, options: options))
        } else if let signer = plan.signer {
            engine = .sign(try SignedBody(content: content, signer: signer, time: time, options: options))
        } else {
            throw ProtectedMailError(.noSigner, "the plan asks for a signature and names no key")
        }
    }

    /// Takes the next piece of the body, line ends CRLF. Throws what the layers below throw, as for a full disk.
    public func push(_ body: Span<UInt8>) throws {
        switch engine {
        case .encrypt(let encrypted): try encrypted.push(body)
        case .sign(let signed): try signed.push(body)
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
        case .sign(let signed): return message(try signed.finish(), type: signed.contentType)
        case .finished: throw ProtectedMailError(.finished, "the message has already been finished")
        }
    }

    private func message(_ body: Spool, type: String) -> ProtectedMessage {
        let edits = content.removals + content.version + [.append(name: "Content-Type", value: type)]
        return ProtectedMessage(headerEdits: edits, body: body)
    }
}
