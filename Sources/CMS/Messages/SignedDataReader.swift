import Libcrypto

/// Reads SignedData (RFC 5652 section 5) and checks its signatures, each on its own.
///
/// The content is hashed as it stands: line ends are a matter of mail and are settled before. Certificates are only looked up
/// here; whether one can be trusted is for ``ChainValidator``.
///
/// The structure is read by code of this target and not by libcrypto's CMS. With its BINARY flag that one would judge
/// canonical content rightly, but it reports the first failure of all signers together, cannot tell an attribute that is
/// missing from one that is doubled, takes content beside encapsulated content, and needs the content after the signature.
public struct SignedDataReader: Sendable {
    /// Embedded certificates that could be read.
    public let certificates: [X509Certificate]
    /// DER of embedded revocation lists.
    public let revocationLists: [[UInt8]]
    /// What is odd about the message, whatever its signatures.
    public let findings: Set<CMSFinding>
    /// What the content is by its type.
    public let contentKind: CMSContent.Kind

    private let layout: SignedDataLayout
    private let policy: CMSPolicy

    /// Throws `unexpectedData` for other content, `malformed`, `limitExceeded`.
    public init(_ message: CMSContent) throws {
        policy = message.policy
        layout = try SignedDataLayout(
            message.bytes, message.body(.signed, .certificatesOnly), policy: message.policy)
        contentKind = CMSContent.kind(of: layout.contentType)
        var findings = Set(message.findings)
        var certificates: [X509Certificate] = []
        for element in layout.certificates {
            if element.tag == 0x30, let read = try? X509Certificate(der: Array(message.bytes[element.range])) {
                if !certificates.contains(read) { certificates.append(read) }
            } else {
                findings.insert(.unreadableCertificate)
            }
        }
        self.certificates = certificates
        let lists = layout.revocationLists
        if lists.contains(where: { $0.tag != 0x30 }) { findings.insert(.unreadableCertificate) }
        revocationLists = lists.filter { $0.tag == 0x30 }.map { Array(message.bytes[$0.range]) }

        if layout.signers.isEmpty { findings.insert(.noSigners) }
        if message.kind == .certificatesOnly { findings.insert(.certificatesOnly) }
        switch contentKind {
        case .data: break
        case .unknown: findings.insert(.foreignContentType(layout.contentType.description))
        default: findings.insert(.nested(contentKind))
        }
        if Set(layout.signers.map(\.identifier)).count < layout.signers.count { findings.insert(.repeatedSigner) }
        for signer in layout.signers {
            if signer.digestAlgorithm.hash == nil {
                findings.insert(.unknownDigest(signer.digestAlgorithm.id.description))
            }
            if !layout.digestAlgorithms.contains(signer.digestAlgorithm.id) { findings.insert(.undeclaredDigest) }
            for id in signer.attributes?.duplicates ?? [] { findings.insert(.duplicateAttribute(id.description)) }
        }
        self.findings = findings
    }

    /// Whether the content stands elsewhere.
    public var isDetached: Bool { layout.content == nil }

    /// The names of the signers, in the order of the message.
    public var signers: [CertificateIdentifier] { layout.signers.map(\.identifier) }

    /// The hashes that ``verify(detached:certificates:)`` needs.
    public var hashes: Set<HashAlgorithm> { Set(layout.signers.compactMap(\.digestAlgorithm.hash)) }

    /// Lends the content inside in pieces; none where it is detached.
    public func forEachContentPiece(_ body: (Span<UInt8>) throws -> Void) throws { try layout.content?.forEach(body) }

    /// The content inside in one array; nil where it is detached.
    public func content() throws -> [UInt8]? { try layout.content?.joined() }

    /// Checks the signatures over the content inside.
    public func verify(certificates: [X509Certificate] = []) throws -> SignedDataReport {
        guard let content = layout.content else {
            let reports = layout.signers.map { report($0, nil, .attributeProblem(.contentMissing)) }
            return SignedDataReport(signers: reports, findings: findings.union([.noContent]))
        }
        let digests = try ContentDigests(hashes)
        try content.forEach { digests.push($0) }
        return SignedDataReport(signers: try check(digests, certificates), findings: findings)
    }

    /// Checks the signatures over content that stands elsewhere, which was hashed with all of ``hashes``. Where there is also
    /// content inside, no signature counts.
    ///
    /// Throws `invalidArgument` where a hash is missing.
    public func verify(
        detached digests: ContentDigests, certificates: [X509Certificate] = []
    ) throws -> SignedDataReport {
        guard isDetached else {
            let reports = layout.signers.map { report($0, nil, .attributeProblem(.contentTwice)) }
            return SignedDataReport(signers: reports, findings: findings.union([.contentTwice]))
        }
        return SignedDataReport(signers: try check(digests, certificates), findings: findings)
    }

    /// The same for content that is at hand.
    public func verify(detached content: [UInt8], certificates: [X509Certificate] = []) throws -> SignedDataReport {
        let digests = try ContentDigests(hashes)
        digests.push(content)
        return try verify(detached: digests, certificates: certificates)
    }

    private func check(_ digests: ContentDigests, _ given: [X509Certificate]) throws -> [SignerReport] {
        try layout.signers.map { signer in
            guard let hash = signer.digestAlgorithm.hash else {
                return report(signer, nil, .unsupported("digest \(signer.digestAlgorithm.id)"))
            }
            let content = try digests.digest(hash)
            if let problem = problem(signer, content, digests.beginning) { return report(signer, nil, problem) }
            // A sender may put in any number of certificates of one name, each of which costs a check.
            let candidates = (certificates + given).filter { signer.identifier.matches($0) }.prefix(4)
            guard let first = candidates.first else { return report(signer, nil, .certificateMissing) }
            // Two certificates of one name: the one whose key made the signature is meant.
            var outcome = verify(signer, hash, content, first)
            for other in candidates.dropFirst() where outcome == .badSignature && other != first {
                let second = verify(signer, hash, content, other)
                if second != .badSignature { return report(signer, other, second) }
                outcome = second
            }
            return report(signer, first, outcome)
        }
    }

    /// RFC 5652 sections 5.3, 5.6 and 11.
    private func problem(_ signer: SignerInfoLayout, _ digest: [UInt8], _ beginning: [UInt8]) -> SignerOutcome? {
        guard let attributes = signer.attributes else {
            if layout.contentType != .data { return .attributeProblem(.missing) }
            return Self.looksLikeAttributes(beginning) ? .attributeProblem(.contentLooksLikeAttributes) : nil
        }
        if !attributes.duplicates.isEmpty { return .attributeProblem(.duplicate) }
        guard let signed = attributes.messageDigest else { return .attributeProblem(.messageDigestMissing) }
        guard let type = attributes.contentType else { return .attributeProblem(.contentTypeMissing) }
        guard type == layout.contentType else { return .attributeProblem(.contentTypeMismatch) }
        return constantTimeEqual(signed, digest) ? nil : .contentChanged
    }

    /// A SET of SEQUENCEs that begin with an identifier, as no text does.
    private static func looksLikeAttributes(_ beginning: [UInt8]) -> Bool {
        func skipHeader(_ tag: UInt8, _ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
            guard bytes.first == tag, let length = bytes.dropFirst().first else { return nil }
            return bytes.dropFirst(length > 0x80 ? 2 + Int(length - 0x80) : 2)
        }
        guard let set = skipHeader(0x31, beginning[...]), let sequence = skipHeader(0x30, set) else { return false }
        return sequence.first == 0x06
    }

    private func verify(
        _ signer: SignerInfoLayout, _ hash: HashAlgorithm, _ content: [UInt8], _ certificate: X509Certificate
    ) -> SignerOutcome {
        if let (hash, expected) = signer.attributes?.certificateHash,
            (try? Digest.hash(hash, certificate.der)) != expected
        {
            return .attributeProblem(.otherCertificate)
        }
        do {
            let scheme = try SignatureScheme.parse(signer.signatureAlgorithm, hash: hash)
            let key = certificate.keyAlgorithm
            guard scheme.fits(key) else {
                if case .edwards = key { throw CMSError(.unsupported, "\(key) signatures") }
                return .attributeProblem(.algorithmMismatch)
            }
            let digest = try signer.attributes.map { try Digest.hash(hash, $0.signedEncoding) } ?? content
            let isRight = try certificate.withPublicKey {
                try scheme.verify(signer.signature, digest: digest, hash: hash, key: $0)
            }
            guard isRight else { return .badSignature }
            return weakness(hash, key).map { .weakAlgorithm($0) } ?? .valid
        } catch let error as CMSError {
            return error.code == .unsupported ? .unsupported(error.message) : .attributeProblem(.algorithmMismatch)
        } catch {
            return .unsupported("this key or hash")
        }
    }

    private func weakness(_ hash: HashAlgorithm, _ key: CertificateKeyAlgorithm) -> String? {
        guard policy.hashes.contains(hash) else { return "\(hash)" }
        switch key {
        case .rsa(let bits), .rsaPSS(let bits), .dsa(let bits): return bits < policy.minimumKeyBits ? "\(key)" : nil
        default: return nil
        }
    }

    private func report(
        _ signer: SignerInfoLayout, _ certificate: X509Certificate?, _ outcome: SignerOutcome
    ) -> SignerReport {
        let hash = signer.digestAlgorithm.hash
        return SignerReport(
            identifier: signer.identifier, certificate: certificate, outcome: outcome, hash: hash,
            scheme: hash.flatMap { try? SignatureScheme.parse(signer.signatureAlgorithm, hash: $0) },
            signingTime: signer.attributes?.signingTime, capabilities: signer.attributes?.capabilities)
    }
}
