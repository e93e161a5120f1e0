public import CMS

/// Somebody who shall be able to read an S/MIME message.
public struct SMIMERecipient: Sendable {
    public var certificate: X509Certificate
    /// What their own signed mail said they can read; nil where none was seen.
    public var capabilities: SMIMECapabilities?

    public init(certificate: X509Certificate, capabilities: SMIMECapabilities? = nil) {
        self.certificate = certificate
        self.capabilities = capabilities
    }
}

/// What S/MIME is to do to one outgoing message (RFC 8551).
public struct SMIMEPlan: Sendable {
    /// How a signature without encryption is sent (RFC 8551, section 3.5).
    public enum SignatureForm: String, Sendable, CaseIterable {
        /// multipart/signed: everybody can read the content.
        case detached
        /// application/pkcs7-mime: for ways on which mail is rewritten, which would break a detached signature.
        case opaque
    }

    /// Who can decrypt the result; nobody for a signature alone.
    public var recipients: [SMIMERecipient]
    /// Who signs; nil for no signature. With recipients too, the signed entity is what is encrypted.
    public var signer: CMSSigner?
    /// Certificates that are sent along so that readers can build the chain.
    public var chain: [X509Certificate]
    public var signatureForm: SignatureForm

    public init(
        recipients: [SMIMERecipient] = [], signer: CMSSigner? = nil, chain: [X509Certificate] = [],
        signatureForm: SignatureForm = .detached
    ) {
        self.recipients = recipients
        self.signer = signer
        self.chain = chain
        self.signatureForm = signatureForm
    }

    /// The best cipher that all recipients read.
    var cipher: ContentCipher {
        ContentCipherChoice.choose(
            recipients.map { .init(learnt: $0.capabilities, certified: $0.certificate.capabilities) })
    }
}

/// What is to be done to one outgoing message, in one protocol or the other.
public enum Protection: Sendable {
    case openpgp(ProtectionPlan)
    case smime(SMIMEPlan)

    public var encrypts: Bool {
        switch self {
        case .openpgp(let plan): plan.encrypt
        case .smime(let plan): !plan.recipients.isEmpty
        }
    }

    public var signs: Bool {
        switch self {
        case .openpgp(let plan): plan.sign
        case .smime(let plan): plan.signer != nil
        }
    }
}
