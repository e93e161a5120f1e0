import COpenSSL
import Libcrypto

/// A certificate and its private key, to read messages with.
public struct CMSDecryptionKey: Sendable {
    public let certificate: X509Certificate
    public let privateKey: CMSPrivateKey

    public init(certificate: X509Certificate, privateKey: CMSPrivateKey) {
        self.certificate = certificate
        self.privateKey = privateKey
    }
}

/// Whether a changed ciphertext would have been noticed.
public enum ContentProtection: String, Sendable {
    /// Every octet is what was encrypted. Who encrypted it, nobody knows: anybody can.
    case authenticated
    /// Anybody on the way may have changed the text without a trace. It is never authentic, not even a signature inside says
    /// where it belongs.
    case unauthenticated
}

/// What was inside an encrypted message.
public struct DecryptedContent: Sendable {
    public let content: [UInt8]
    public let cipher: ContentCipher
    /// The certificate by which it was opened.
    public let recipient: CertificateIdentifier
    public let protection: ContentProtection
    /// What the content is by its type; S/MIME always says data.
    public let contentKind: CMSContent.Kind
}

/// Reads EnvelopedData (RFC 5652 section 6) and AuthEnvelopedData (RFC 5083).
public struct EnvelopedDataReader: Sendable {
    public let cipher: ContentCipher
    public var protection: ContentProtection { cipher.isAuthenticated ? .authenticated : .unauthenticated }
    /// The certificates it is for, in the order of the message.
    public let recipients: [CertificateIdentifier]
    public let findings: Set<CMSFinding>

    private let layout: EnvelopedDataLayout
    private let parameters: ContentCipher.Parameters
    private let policy: CMSPolicy

    /// Throws `unexpectedData` for other content, `malformed`, `limitExceeded`, `unsupported` for another cipher.
    public init(_ message: CMSContent) throws {
        policy = message.policy
        let isAuthenticated = message.kind == .authEnveloped
        layout = try EnvelopedDataLayout(
            message.bytes, message.body(.enveloped, .authEnveloped), isAuthenticated: isAuthenticated,
            policy: message.policy)
        parameters = try ContentCipher.parse(layout.cipher)
        cipher = parameters.cipher
        // GCM in EnvelopedData would have no tag that is checked, CBC in the other form none at all.
        guard cipher.isAuthenticated == isAuthenticated, layout.tag.count == parameters.tagSize else {
            throw CMSError(.malformed, "\(cipher.rawValue) does not belong into \(message.kind.rawValue) content")
        }
        recipients = layout.recipients.compactMap(\.identifier)
        var findings = Set(message.findings)
        let kind = CMSContent.kind(of: layout.contentType)
        if kind == .unknown {
            findings.insert(.foreignContentType(layout.contentType.description))
        } else if kind != .data {
            findings.insert(.nested(kind))
        }
        self.findings = findings
    }

    /// Opens the message with the first of the keys that it names and that works.
    ///
    /// Throws `refusedByPolicy` for ciphers of old, and `notDecryptable` for everything else that may go wrong: no key, a
    /// wrong key, a changed message, bad padding. Nothing of the content is given out before its end, and with GCM the tag, was
    /// checked.
    public func decrypt(with keys: [CMSDecryptionKey]) throws -> DecryptedContent {
        guard !cipher.isLegacy || policy.allowsLegacyCiphers else {
            throw CMSError(.refusedByPolicy, "\(cipher.rawValue) is too weak")
        }
        var attempts = 0
        for recipient in layout.recipients {
            guard let identifier = recipient.identifier else { continue }
            for key in keys where identifier.matches(key.certificate) {
                // Each attempt may cost a pass over the content.
                attempts += 1
                guard attempts <= Self.maximumAttempts else { throw Self.notDecryptable }
                guard let contentKey = try? open(recipient, key), let content = try? decrypt(contentKey) else {
                    continue
                }
                return DecryptedContent(
                    content: content, cipher: cipher, recipient: identifier, protection: protection,
                    contentKind: CMSContent.kind(of: layout.contentType))
            }
        }
        throw Self.notDecryptable
    }

    /// How often a message may name the keys at hand in vain.
    private static let maximumAttempts = 4
    private static let notDecryptable = CMSError(.notDecryptable, "no key at hand opens the message")

    private func open(_ recipient: RecipientLayout, _ key: CMSDecryptionKey) throws -> SecretBytes {
        try key.privateKey.withHandle { handle in
            switch recipient.form {
            case .transport(let algorithm):
                return try KeyTransport.parse(algorithm).decrypt(
                    recipient.encryptedKey, size: cipher.keySize, key: handle)
            case .agreement(let agreement):
                return try KeyAgreement.open(agreement, wrapped: recipient.encryptedKey, key: handle)
            case .other: throw CMSError(.unsupported, "this kind of recipient")
            }
        }
    }

    private func decrypt(_ contentKey: SecretBytes) throws -> [UInt8] {
        let engine = try ContentCipherEngine(cipher, key: contentKey, nonce: parameters.nonce, encrypt: false)
        if cipher.isAuthenticated {
            try engine.authenticate(layout.authenticatedAttributes)
            try engine.expect(tag: layout.tag)
        }
        let room = layout.content.count + ContentCipherEngine.slack
        return try [UInt8](unsafeUninitializedCapacity: room) { output, count in
            guard let base = output.baseAddress else { return }
            do {
                var filled = 0
                try layout.content.forEach { piece in
                    filled += try piece.withUnsafeBufferPointer { try engine.update($0, into: base + filled) }
                }
                filled += try engine.finish(into: base + filled)
                count = filled
            } catch {
                OPENSSL_cleanse(base, room)
                throw error
            }
        }
    }
}
