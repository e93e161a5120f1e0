import Libcrypto

/// Where the parts of a SignedData stand (RFC 5652 section 5.1).
struct SignedDataLayout: Sendable {
    let digestAlgorithms: [ObjectID]
    let contentType: ObjectID
    /// nil where the content is detached.
    let content: OctetPieces?
    let certificates: [BERElement]
    let revocationLists: [BERElement]
    let signers: [SignerInfoLayout]

    init(_ bytes: [UInt8], _ body: BERElement, policy: CMSPolicy) throws {
        var reader = BERReader(bytes, body.content, depth: BERReader.maximumDepth)
        _ = try reader.smallInteger("version of SignedData")
        var digests = try reader.inside(reader.next(0x31, "digest algorithms"))
        var digestAlgorithms: [ObjectID] = []
        while !digests.isAtEnd {
            guard digestAlgorithms.count < policy.maximumSigners else { throw Self.tooMany("digest algorithms") }
            digestAlgorithms.append(try AlgorithmIdentifier(&digests, "digest algorithm").id)
        }
        self.digestAlgorithms = digestAlgorithms

        var encapsulated = try reader.inside(reader.next(0x30, "encapsulated content"))
        contentType = try encapsulated.objectID("content type")
        if let wrapper = try encapsulated.optional(0xa0) {
            var inside = try encapsulated.inside(wrapper)
            let octets = try inside.next()
            guard octets.tag & 0xdf == 0x04 else {
                throw CMSError(.unsupported, "the content is no OCTET STRING, as in PKCS#7 1.5")
            }
            try inside.expectEnd("content")
            content = try OctetPieces(bytes, octets)
        } else {
            content = nil
        }
        try encapsulated.expectEnd("encapsulated content")

        func list(_ tag: UInt8, _ name: String) throws -> [BERElement] {
            guard let set = try reader.optional(tag) else { return [] }
            var inside = try reader.inside(set)
            var elements: [BERElement] = []
            while !inside.isAtEnd {
                guard elements.count < policy.maximumCertificates else { throw Self.tooMany(name) }
                elements.append(try inside.next())
            }
            return elements
        }
        certificates = try list(0xa0, "certificates")
        revocationLists = try list(0xa1, "revocation lists")

        var infos = try reader.inside(reader.next(0x31, "signers"))
        var signers: [SignerInfoLayout] = []
        while !infos.isAtEnd {
            guard signers.count < policy.maximumSigners else { throw Self.tooMany("signers") }
            signers.append(try SignerInfoLayout(&infos))
        }
        self.signers = signers
        try reader.expectEnd("SignedData")
    }

    private static func tooMany(_ what: String) -> CMSError { CMSError(.limitExceeded, "too many \(what)") }
}

/// One SignerInfo (RFC 5652 section 5.3).
struct SignerInfoLayout: Sendable {
    let identifier: CertificateIdentifier
    let digestAlgorithm: AlgorithmIdentifier
    let signatureAlgorithm: AlgorithmIdentifier
    let signature: [UInt8]
    /// nil where there are none.
    let attributes: SignedAttributes?

    init(_ reader: inout BERReader) throws {
        var inside = try reader.inside(reader.next(0x30, "signer"))
        _ = try inside.smallInteger("version of a signer")
        identifier = try CertificateIdentifier(&inside, "identifier of a signer")
        digestAlgorithm = try AlgorithmIdentifier(&inside, "digest algorithm of a signer")
        if let element = try inside.optional(0xa0) {
            attributes = try SignedAttributes(inside.inside(element), inside.octets(element))
        } else {
            attributes = nil
        }
        signatureAlgorithm = try AlgorithmIdentifier(&inside, "signature algorithm")
        signature = inside.octets(try inside.next(0x04, "signature"))
        _ = try inside.optional(0xa1)
        try inside.expectEnd("signer")
    }
}
