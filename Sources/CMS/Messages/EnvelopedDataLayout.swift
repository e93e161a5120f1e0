/// Where the parts of an EnvelopedData or AuthEnvelopedData stand (RFC 5652 section 6.1, RFC 5083 section 2.1).
struct EnvelopedDataLayout: Sendable {
    let recipients: [RecipientLayout]
    let contentType: ObjectID
    let cipher: AlgorithmIdentifier
    let content: OctetPieces
    /// Under the tag of SET, as they are authenticated; empty where there are none.
    let authenticatedAttributes: [UInt8]
    /// Empty in EnvelopedData.
    let tag: [UInt8]

    init(_ bytes: [UInt8], _ body: BERElement, isAuthenticated: Bool, policy: CMSPolicy) throws {
        var reader = BERReader(bytes, body.content, depth: BERReader.maximumDepth)
        _ = try reader.smallInteger("version of EnvelopedData")
        _ = try reader.optional(0xa0)
        var infos = try reader.inside(reader.next(0x31, "recipients"))
        var recipients: [RecipientLayout] = []
        while !infos.isAtEnd {
            try RecipientLayout.read(&infos, into: &recipients)
            guard recipients.count <= policy.maximumRecipients else {
                throw CMSError(.limitExceeded, "more than \(policy.maximumRecipients) recipients")
            }
        }
        self.recipients = recipients

        var encrypted = try reader.inside(reader.next(0x30, "encrypted content"))
        contentType = try encrypted.objectID("content type")
        cipher = try AlgorithmIdentifier(&encrypted, "content cipher")
        guard encrypted.nextTag.map({ $0 & 0xdf }) == 0x80 else {
            throw CMSError(.malformed, "there is no encrypted content")
        }
        content = try OctetPieces(bytes, encrypted.next())
        try encrypted.expectEnd("encrypted content")

        guard isAuthenticated else {
            (authenticatedAttributes, tag) = ([], [])
            _ = try reader.optional(0xa1)
            try reader.expectEnd("EnvelopedData")
            return
        }
        authenticatedAttributes = try reader.optional(0xa1).map { DER.element(0x31, reader.octets($0)) } ?? []
        tag = reader.octets(try reader.next(0x04, "authentication tag"))
        _ = try reader.optional(0xa2)
        try reader.expectEnd("AuthEnvelopedData")
    }
}

/// The content key for one recipient (RFC 5652 section 6.2).
struct RecipientLayout: Sendable {
    enum Form: Sendable {
        case transport(AlgorithmIdentifier)
        case agreement(KeyAgreementLayout)
        /// By a key or password that the two sides know otherwise; not opened here.
        case other
    }

    /// nil for forms without certificates.
    let identifier: CertificateIdentifier?
    let form: Form
    let encryptedKey: [UInt8]

    static func read(_ reader: inout BERReader, into recipients: inout [RecipientLayout]) throws {
        let element = try reader.next()
        switch element.tag {
        case 0x30:
            var inside = try reader.inside(element)
            _ = try inside.smallInteger("version of a recipient")
            let identifier = try CertificateIdentifier(&inside, "identifier of a recipient")
            let algorithm = try AlgorithmIdentifier(&inside, "key transport")
            let key = inside.octets(try inside.next(0x04, "encrypted key"))
            try inside.expectEnd("recipient")
            recipients.append(RecipientLayout(identifier: identifier, form: .transport(algorithm), encryptedKey: key))
        case 0xa1:
            var inside = try reader.inside(element)
            let agreement = try KeyAgreementLayout(&inside)
            var keys = try inside.inside(inside.next(0x30, "recipients of a key agreement"))
            while !keys.isAtEnd {
                var one = try keys.inside(keys.next(0x30, "recipient of a key agreement"))
                let identifier: CertificateIdentifier
                if let named = try one.optional(0xa0) {
                    var key = try one.inside(named)
                    identifier = .subjectKeyIdentifier(key.octets(try key.next(0x04, "subject key identifier")))
                } else {
                    identifier = try CertificateIdentifier(&one, "identifier of a recipient")
                }
                let key = one.octets(try one.next(0x04, "encrypted key"))
                try one.expectEnd("recipient")
                recipients.append(
                    RecipientLayout(identifier: identifier, form: .agreement(agreement), encryptedKey: key))
                // Many keys inside one element are as much work as many elements.
                guard recipients.count <= 1 << 16 else { throw CMSError(.limitExceeded, "too many recipients") }
            }
            try inside.expectEnd("recipient")
        case 0xa2, 0xa3, 0xa4:
            recipients.append(RecipientLayout(identifier: nil, form: .other, encryptedKey: []))
        default: throw CMSError(.malformed, "an unknown kind of recipient at octet \(element.range.lowerBound)")
        }
    }
}

/// What the recipients of one key agreement share (RFC 5652 section 6.2.2).
struct KeyAgreementLayout: Sendable {
    /// nil where the originator names a certificate instead.
    let originatorPoint: [UInt8]?
    let userKeyingMaterial: [UInt8]?
    let algorithm: AlgorithmIdentifier

    init(_ reader: inout BERReader) throws {
        _ = try reader.smallInteger("version of a recipient")
        var originator = try reader.inside(reader.next(0xa0, "originator"))
        let choice = try originator.next()
        if choice.tag == 0xa1 {
            var key = try originator.inside(choice)
            _ = try AlgorithmIdentifier(&key, "key of the originator")
            let bits = key.octets(try key.next(0x03, "key of the originator"))
            guard bits.first == 0 else { throw CMSError(.malformed, "the key of the originator") }
            originatorPoint = Array(bits.dropFirst())
        } else {
            originatorPoint = nil
        }
        if let wrapper = try reader.optional(0xa1) {
            var inside = try reader.inside(wrapper)
            userKeyingMaterial = inside.octets(try inside.next(0x04, "user keying material"))
        } else {
            userKeyingMaterial = nil
        }
        algorithm = try AlgorithmIdentifier(&reader, "key agreement")
    }
}
