import Libcrypto

/// One who shall be able to read a message.
public struct CMSRecipient: Sendable {
    public let certificate: X509Certificate
    /// For RSA keys only.
    public var transport: RSAKeyTransport
    public var identifier: CertificateIdentifierForm

    public init(
        _ certificate: X509Certificate, transport: RSAKeyTransport = .pkcs1,
        identifier: CertificateIdentifierForm = .issuerAndSerial
    ) {
        self.certificate = certificate
        self.transport = transport
        self.identifier = identifier
    }

    /// RecipientInfo (RFC 5652 section 6.2) and whether its version is 0.
    func info(_ contentKey: SecretBytes) throws -> (encoded: [UInt8], isVersion0: Bool) {
        let key: [UInt8]?
        if identifier == .subjectKeyIdentifier {
            guard let found = certificate.subjectKeyIdentifier else {
                throw CMSError(.invalidArgument, "the certificate has no subject key identifier")
            }
            key = found
        } else {
            key = nil
        }
        let name = certificate.identity.issuerAndSerial
        switch certificate.keyAlgorithm {
        case .rsa:
            let transport = KeyTransport(transport)
            let encrypted = try certificate.withPublicKey { try transport.encrypt(contentKey, key: $0) }
            let encoded = DER.sequence(
                DER.integer(key == nil ? 0 : 2), key.map { DER.element(0x80, $0) } ?? name,
                try transport.identifier.encoded, DER.octetString(encrypted))
            return (encoded, key == nil)
        case .ec:
            let recipient = key.map { DER.element(0xa0, DER.octetString($0)) } ?? name
            let encoded = try certificate.withPublicKey {
                try KeyAgreement.recipientInfo(contentKey, key: $0, recipient: recipient)
            }
            return (encoded, false)
        case let other: throw CMSError(.unsupported, "encryption to \(other) keys")
        }
    }
}

/// Writes EnvelopedData (RFC 5652 section 6) or, with GCM, AuthEnvelopedData (RFC 5083) as the content streams by.
///
/// Push the content in pieces of any size, then call ``finish()`` once. The message is BER of indefinite length; memory does
/// not grow with it. The outer layers are written here rather than by libcrypto's CMS, whose chains of BIOs copy every octet
/// and choose derivations of SHA-1 for key agreement; all cryptography is libcrypto's.
public final class EnvelopedDataWriter {
    /// What may be written.
    public static let ciphers: Set<ContentCipher> = [.aes128CBC, .aes256CBC, .aes128GCM, .aes256GCM]

    private let cipher: ContentCipher
    private let sink: CMSSink
    private let engine: ContentCipherEngine
    private var pieces: PieceWriter
    private var head: [UInt8]
    private var work: [UInt8]
    private var isFinished = false

    /// Everything about the recipients is done here, so that nothing is written where one of them cannot be reached.
    ///
    /// Throws `invalidArgument` without recipients, `refusedByPolicy` for ciphers that are read only, `unsupported` for keys
    /// that nothing can be encrypted to (X25519 among them).
    public init(recipients: [CMSRecipient], cipher: ContentCipher = .aes256CBC, sink: @escaping CMSSink) throws {
        guard !recipients.isEmpty else { throw CMSError(.invalidArgument, "there are no recipients") }
        guard Self.ciphers.contains(cipher) else {
            throw CMSError(.refusedByPolicy, "\(cipher.rawValue) is never written")
        }
        let key = try SecretBytes.random(count: cipher.keySize)
        let nonce = try SecureRandom.bytes(cipher.nonceSize)
        let infos = try recipients.map { try $0.info(key) }
        self.cipher = cipher
        self.sink = sink
        engine = try ContentCipherEngine(cipher, key: key, nonce: nonce, encrypt: true)
        pieces = PieceWriter(sink: sink)
        work = [UInt8](repeating: 0, count: PieceWriter.size + ContentCipherEngine.slack)

        // RFC 5652 section 6.1, RFC 5083 section 2.1.
        let version = cipher.isAuthenticated || infos.allSatisfy(\.isVersion0) ? 0 : 2
        let type: ObjectID = cipher.isAuthenticated ? .authEnvelopedData : .envelopedData
        head = [0x30, 0x80] + DER.objectID(type) + [0xa0, 0x80]
        head += [0x30, 0x80] + DER.integer(version) + DER.set(infos.map(\.encoded))
        head += [0x30, 0x80] + DER.objectID(.data) + cipher.identifier(nonce: nonce).encoded + [0xa0, 0x80]
    }

    public func push(_ bytes: Span<UInt8>) throws {
        guard !isFinished else { throw CMSError(.invalidArgument, "the message is finished") }
        try begin()
        var offset = 0
        while offset < bytes.count {
            let step = min(bytes.count - offset, PieceWriter.size)
            let input = bytes.extracting(offset..<offset + step)
            let count = try input.withUnsafeBufferPointer { input in
                try work.withUnsafeMutableBufferPointer { output in
                    guard let base = output.baseAddress else { return 0 }
                    return try engine.update(input, into: base)
                }
            }
            try append(count)
            offset += step
        }
    }

    public func push(_ bytes: [UInt8]) throws { try push(bytes.span) }

    /// Writes the rest.
    public func finish() throws {
        guard !isFinished else { throw CMSError(.invalidArgument, "the message is finished") }
        isFinished = true
        try begin()
        let count = try work.withUnsafeMutableBufferPointer { output in
            guard let base = output.baseAddress else { return 0 }
            return try engine.finish(into: base)
        }
        try append(count)
        try pieces.flush()
        let tag = cipher.isAuthenticated ? DER.octetString(try engine.tag()) : []
        let end = DER.endOfContents
        let rest = end + end + tag + end + end + end
        try sink(rest.span)
    }

    /// Passes on what the engine wrote.
    private func append(_ count: Int) throws {
        let ready = work
        let span = ready.span
        try pieces.append(span.extracting(0..<count))
    }

    private func begin() throws {
        guard !head.isEmpty else { return }
        let ready = head
        head = []
        try sink(ready.span)
    }
}
