/// A CMS message (RFC 5652): which type it is, before anything inside is looked at.
public struct CMSContent: Sendable {
    public enum Kind: String, Sendable {
        case data
        case signed
        /// SignedData without signers and content: a bag of certificates and revocation lists.
        case certificatesOnly = "certificates-only"
        case enveloped
        case authEnveloped = "auth-enveloped"
        case compressed
        case digested
        /// EncryptedData: for a key that the two sides know otherwise.
        case encrypted
        /// Another type, see `typeName`.
        case unknown
    }

    public let kind: Kind
    /// The object identifier of the content type, dotted.
    public let typeName: String
    /// Odd things about the outermost layer.
    public let findings: [CMSFinding]

    let bytes: [UInt8]
    /// Inside of the explicit [0]; nil where it is absent.
    let body: BERElement?
    let policy: CMSPolicy

    /// Reads the outermost layer of BER or DER. Throws `malformed`, and `limitExceeded` above `policy.maximumSize`.
    public static func parse(_ bytes: [UInt8], policy: CMSPolicy = .standard) throws -> CMSContent {
        guard bytes.count <= policy.maximumSize else {
            throw CMSError(.limitExceeded, "a message of \(bytes.count) octets, allowed are \(policy.maximumSize)")
        }
        var outer = BERReader(bytes)
        var info = try outer.inside(outer.next(0x30, "ContentInfo"))
        let type = try info.objectID("content type")
        var body: BERElement?
        if let wrapper = try info.optional(0xa0) {
            var inside = try info.inside(wrapper)
            body = try inside.next()
            try inside.expectEnd("content")
        }
        try info.expectEnd("ContentInfo")
        var kind = kind(of: type)
        if kind == .signed, let body, isCertificatesOnly(bytes, body) { kind = .certificatesOnly }
        return CMSContent(
            kind: kind, typeName: type.description, findings: outer.isAtEnd ? [] : [.trailingData], bytes: bytes,
            body: body, policy: policy)
    }

    static func kind(of type: ObjectID) -> Kind {
        switch type {
        case .data: .data
        case .signedData: .signed
        case .envelopedData: .enveloped
        case .authEnvelopedData: .authEnveloped
        case .compressedData: .compressed
        case .digestedData: .digested
        case .encryptedData: .encrypted
        default: .unknown
        }
    }

    private static func isCertificatesOnly(_ bytes: [UInt8], _ body: BERElement) -> Bool {
        guard let layout = try? SignedDataLayout(bytes, body, policy: .standard) else { return false }
        return layout.signers.isEmpty && layout.content == nil
            && !(layout.certificates.isEmpty && layout.revocationLists.isEmpty)
    }

    /// The octets of plain data.
    public func data() throws -> [UInt8] {
        guard kind == .data, let body, body.tag & 0xdf == 0x04 else {
            throw CMSError(.unexpectedData, "the message is \(kind.rawValue), not data")
        }
        return try OctetPieces(bytes, body).joined()
    }

    /// The inside of the type that a reader is for.
    func body(_ kinds: Kind...) throws -> BERElement {
        guard kinds.contains(kind) else {
            throw CMSError(.unexpectedData, "the message is \(kind.rawValue), not \(kinds[0].rawValue)")
        }
        guard let body, body.tag == 0x30 else { throw CMSError(.malformed, "the message has no content") }
        return body
    }
}

/// Something odd about a message that its reader could still read. None of them is an error by itself; all of them are
/// reasons for a verdict to look twice.
public enum CMSFinding: Hashable, Sendable {
    /// Octets follow the end of the message.
    case trailingData
    /// SignedData without any signer.
    case noSigners
    /// No content inside and none was given.
    case noContent
    /// Content inside although other content was given: two texts under one signature.
    case contentTwice
    /// Certificates and revocation lists only.
    case certificatesOnly
    /// A signer names a digest that this reader does not know (its object identifier).
    case unknownDigest(String)
    /// A digest a signer uses is missing in the list at the front (RFC 5652 section 5.1).
    case undeclaredDigest
    /// An attribute occurs twice or has several values (its object identifier).
    case duplicateAttribute(String)
    /// The content is again a CMS structure of this kind.
    case nested(CMSContent.Kind)
    /// The same signer signed more than once.
    case repeatedSigner
    /// An embedded certificate or revocation list is of another form than X.509 or cannot be read.
    case unreadableCertificate
    /// A content type that S/MIME does not have (its object identifier).
    case foreignContentType(String)
}
