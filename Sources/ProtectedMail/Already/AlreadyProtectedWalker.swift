public import CMS
public import MIME
public import OpenPGP

/// Finds out, as a message streams by, whether it is already encrypted by its sender; for use beside a `Protector`.
///
/// A Content-Type proves nothing: clear text can be sent as `multipart/encrypted`. So the walk goes through the packets,
/// or the CMS structure, to the last octet. Whatever is not certain is not protected.
public final class AlreadyProtectedWalker {
    /// What a message is.
    public enum Verdict: String, Sendable, Equatable {
        /// Encrypted, all of it.
        case protected
        /// Not encrypted, or not all of it.
        case notProtected = "not-protected"
        /// It says that it is encrypted and cannot be followed to the end.
        case unsure
    }

    private enum Kind {
        case openpgp(MultipartScanner)
        case cms
        case inline
    }

    private var kind: Kind
    private let packets = EncryptedMessageWalker()
    private var cms = DERWalker()
    private var decoder: PartDecoder?
    private var control: [UInt8] = []
    private var around: [UInt8] = []
    private var isRefused = false
    private var isFinished = false
    /// The start of a CMS message, where its recipients stand; nil where nobody asks for them.
    private var head: [UInt8]?

    /// Starts the walk; nil when the header says that the message is not encrypted.
    ///
    /// Candidates are `multipart/encrypted` of OpenPGP, `application/pkcs7-mime`, and a text body, which may be inline
    /// armor.
    ///
    /// - Parameter namesRecipients: whether ``recipients`` will be asked for.
    public init?(header: [HeaderField], namesRecipients: Bool = false) {
        let facts = ContentFacts(header)
        guard facts.doubts.isEmpty else { return nil }
        let encoding =
            header.first { $0.isNamed("Content-Transfer-Encoding") }
            .map { TransferEncoding(parsing: $0.rawValue) } ?? .sevenBit
        switch facts.contentType.mediaType {
        case "multipart/encrypted":
            guard facts.contentType.parameter("protocol")?.lowercased() == "application/pgp-encrypted",
                let boundary = facts.contentType.parameterBytes("boundary"),
                let scanner = try? MultipartScanner(boundary: boundary)
            else { return nil }
            kind = .openpgp(scanner)
        case "application/pkcs7-mime", "application/x-pkcs7-mime":
            switch facts.contentType.parameter("smime-type")?.lowercased() {
            case nil, "enveloped-data", "authenveloped-data": break
            default: return nil
            }
            kind = .cms
            if namesRecipients { head = [] }
            decoder = PartDecoder(encoding)
        case "text/plain":
            kind = .inline
            decoder = PartDecoder(encoding)
        default:
            return nil
        }
    }

    /// Takes the next piece of the body.
    public func push(_ body: Span<UInt8>) {
        guard !isRefused, !isFinished else { return }
        switch kind {
        case .openpgp(var scanner):
            scanner.push(body) { take($0, $1) }
            kind = .openpgp(scanner)
        case .inline where packets.isRefuted: break
        case .cms, .inline:
            decoder?.push(body) { content($0) }
        }
    }

    private func take(_ region: MultipartScanner.Region, _ bytes: Span<UInt8>) {
        switch region {
        case .preamble, .epilogue: keep(bytes, in: &around, limit: Preamble.maxLength)
        case .part(0): keep(bytes, in: &control, limit: 2048)
        case .part(1):
            if decoder == nil { decoder = PartDecoder.afterHeader() }
            decoder?.push(bytes) { content($0) }
        case .part: isRefused = true
        case .delimiter, .closeDelimiter: break
        }
    }

    private func content(_ bytes: Span<UInt8>) {
        switch kind {
        case .openpgp, .inline:
            packets.push(bytes)
        case .cms:
            cms.push(bytes)
            if let count = head?.count, count < RecipientNames.maximumHead {
                head?.append(bytes.extracting(0..<min(bytes.count, RecipientNames.maximumHead - count)))
            }
        }
    }

    private func keep(_ bytes: Span<UInt8>, in target: inout [UInt8], limit: Int) {
        target.append(bytes.extracting(0..<min(bytes.count, limit + 1)))
        if target.count > limit { isRefused = true }
    }

    /// Ends the body and answers.
    public func finish() -> Verdict {
        guard !isRefused, !isFinished else { return .notProtected }
        isFinished = true
        if case .openpgp(var scanner) = kind {
            scanner.finish { take($0, $1) }
            guard scanner.partCount == 2, scanner.isClosed, !scanner.hasDelimiterPrefix,
                !scanner.hasDelimiterAfterClose, Preamble.isHarmless(around),
                isControlPart
            else { return .unsure }
        }
        guard decoder?.finish({ content($0) }) == true, !isRefused else { return .unsure }
        switch kind {
        case .cms:
            cms.finish()
            return cms.state == .enveloped ? .protected : .notProtected
        case .openpgp, .inline:
            switch packets.finish() {
            case .protected: return .protected
            case .notProtected: return .notProtected
            case .unsure: return .unsure
            }
        }
    }

    /// Whom the message names as able to read it, once it is known to be protected.
    public var recipients: MessageRecipients {
        MessageRecipients(
            keyIDs: packets.recipients, certificates: head.map { RecipientNames.read($0) } ?? [])
    }

    /// Whether the first part is the control part of RFC 3156, section 4, and nothing else.
    private var isControlPart: Bool {
        guard let part = try? Message(parsing: control), part.root.contentType.mediaType == "application/pgp-encrypted"
        else { return false }
        let words = part.body(of: part.root).split(whereSeparator: Octet.isBlank).map { Array($0) }
        return words == [Array("Version:".utf8), Array("1".utf8)]
    }
}

/// Whom an encrypted message names as able to read it: a claim, for nobody can open what a false name stands at either.
public struct MessageRecipients: Sendable, Equatable {
    /// OpenPGP; `KeyID.wildcard` for hidden ones.
    public let keyIDs: [KeyID]
    /// S/MIME.
    public let certificates: [CertificateIdentifier]
}
