import Libcrypto

/// Writes SignedData (RFC 5652 section 5) as its content streams by.
///
/// Push the content in pieces of any size, then call ``finish()`` once. The content is signed as it is: whoever signs mail
/// brings it into its canonical form first. Detached, nothing is written before `finish`, then DER. Opaque, the content goes
/// into the message as it comes, in BER of indefinite length; memory does not grow with it.
public final class SignedDataWriter {
    public enum Form: Sendable {
        case detached, opaque
    }

    /// What is signed besides the content.
    public struct Options: Sendable {
        /// Unix seconds.
        public var signingTime: Int64
        /// nil leaves the attribute out.
        public var capabilities: SMIMECapabilities? = .own
        /// Whether the hash of the certificate is signed too (RFC 5035).
        public var bindsCertificate = true

        public init(signingTime: Int64) { self.signingTime = signingTime }
    }

    private let signers: [CMSSigner]
    private let certificates: [X509Certificate]
    private let form: Form
    private let options: Options
    private let sink: CMSSink
    private let digests: ContentDigests
    private var pieces: PieceWriter
    private var hasBegun = false
    private var isFinished = false

    /// - Parameter certificates: what is sent along besides the certificates of the signers, for chains.
    ///
    /// Throws `invalidArgument` without signers.
    public init(
        signers: [CMSSigner], form: Form, options: Options, certificates: [X509Certificate] = [],
        sink: @escaping CMSSink
    ) throws {
        guard !signers.isEmpty else { throw CMSError(.invalidArgument, "there is nobody to sign") }
        self.signers = signers
        self.form = form
        self.options = options
        self.sink = sink
        var all: [X509Certificate] = []
        for certificate in signers.map(\.certificate) + certificates where !all.contains(certificate) {
            all.append(certificate)
        }
        self.certificates = all
        digests = try ContentDigests(Set(signers.map(\.hash)))
        pieces = PieceWriter(sink: sink)
    }

    public func push(_ bytes: Span<UInt8>) throws {
        guard !isFinished else { throw CMSError(.invalidArgument, "the message is finished") }
        digests.push(bytes)
        guard form == .opaque else { return }
        try begin()
        try pieces.append(bytes)
    }

    public func push(_ bytes: [UInt8]) throws { try push(bytes.span) }

    /// Signs and writes the rest.
    public func finish() throws {
        guard !isFinished else { throw CMSError(.invalidArgument, "the message is finished") }
        isFinished = true
        let infos = try signers.map { signer in
            try signer.signerInfo(contentDigest: digests.digest(signer.hash), options: options)
        }
        let tail = DER.set(certificates.map(\.der), tag: 0xa0) + DER.set(infos)
        switch form {
        case .opaque:
            try begin()
            try pieces.flush()
            // The pieces, the OCTET STRING, its [0] and the EncapsulatedContentInfo end; after the tail all else.
            let end = DER.endOfContents
            let rest = end + end + end + tail + end + end + end
            try sink(rest.span)
        case .detached:
            let signedData = DER.sequence(
                version, try digestAlgorithms, DER.sequence(DER.objectID(.data)), tail)
            let message = DER.sequence(DER.objectID(.signedData), DER.element(0xa0, signedData))
            try sink(message.span)
        }
    }

    /// RFC 5652 section 5.1.
    private var version: [UInt8] {
        DER.integer(signers.contains { $0.identifier == .subjectKeyIdentifier } ? 3 : 1)
    }

    private var digestAlgorithms: [UInt8] {
        get throws { try DER.set(Set(signers.map(\.hash)).map { try AlgorithmIdentifier.hash($0) }) }
    }

    private func begin() throws {
        guard !hasBegun else { return }
        hasBegun = true
        let info: [UInt8] = [0x30, 0x80] + DER.objectID(.signedData) + [0xa0, 0x80]
        let signedData: [UInt8] = try [0x30, 0x80] + version + digestAlgorithms
        let content: [UInt8] = [0x30, 0x80] + DER.objectID(.data) + [0xa0, 0x80, 0x24, 0x80]
        let head = info + signedData + content
        try sink(head.span)
    }
}
