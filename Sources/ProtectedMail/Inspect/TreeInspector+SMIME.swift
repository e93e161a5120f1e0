import CMS
import MIME

/// The structures of S/MIME (RFC 8551): multipart/signed, and what application/pkcs7-mime can hold.
extension TreeInspector {
    /// The most revocation lists of a message that are looked at.
    private static let maxLists = 16

    /// What is known of the detached signatures over some octets; nil, after a note of it, where they cannot be read.
    func smimeDetached(
        _ content: ArraySlice<UInt8>, signatures: [UInt8], _ findings: inout Findings
    ) -> [SignatureFacts]? {
        do {
            let reader = try SignedDataReader(CMSContent.parse(signatures, policy: options.cmsPolicy))
            guard hasSigners(reader, &findings) else { return nil }
            let digests = try ContentDigests(reader.hashes)
            digests.push(content.span)
            let known = judge.lookup.smimeCertificates(for: reader.signers)
            return facts(reader, try reader.verify(detached: digests, certificates: known), known)
        } catch {
            note(error, "the signature", &findings)
            return nil
        }
    }

    // MARK: application/pkcs7-mime

    func cms(_ entity: Entity, in message: Message, at place: Place, _ findings: inout Findings) throws {
        let decoded = message.decodedBody(of: entity)
        let content: CMSContent
        do {
            content = try CMSContent.parse(decoded.bytes, policy: options.cmsPolicy)
        } catch {
            return note(error, "the S/MIME structure", &findings)
        }
        var place = place
        if (entity.defects + decoded.defects).contains(where: StructureDoubts.divides) {
            place.doubts.append(Reason(.partialCoverage, "the S/MIME part can be decoded in more than one way"))
        }
        if let named = entity.contentType.parameter("smime-type"), !Self.fits(named.lowercased(), content.kind) {
            place.doubts.append(Reason(.contentTypeConfusion, "smime-type is not what the part holds"))
        }
        if content.findings.contains(.trailingData) {
            place.doubts.append(Reason(.contentTypeConfusion, "octets follow the end of the S/MIME structure"))
        }
        switch content.kind {
        case .signed: try opaqueSigned(content, at: place, &findings)
        case .enveloped, .authEnveloped:
            guard place.isEnvelope else { return noteCiphertext(entity, "is encrypted", at: place, .smime, &findings) }
            try enveloped(content, at: place, &findings)
        case .compressed: try compressed(content, at: place, &findings)
        case .certificatesOnly:
            findings.note(Reason(.certificatesOnly, "there are certificates and no signature"), .smime)
        case .data, .digested, .encrypted, .unknown:
            let reason = Reason(.unsupported, "S/MIME does not use content of type \(content.kind.rawValue)")
            findings.add(.neutral, reason, .smime)
        }
    }

    /// Whether a part may hold this, given its smime-type (RFC 8551, section 3.2.2; RFC 7114 for the registry).
    private static func fits(_ type: String, _ kind: CMSContent.Kind) -> Bool {
        switch type {
        case "signed-data", "signed-receipt": kind == .signed
        case "enveloped-data": kind == .enveloped
        case "authenveloped-data": kind == .authEnveloped
        case "compressed-data": kind == .compressed
        case "certs-only": kind == .certificatesOnly || kind == .signed
        default: true
        }
    }

    private func opaqueSigned(_ content: CMSContent, at place: Place, _ findings: inout Findings) throws {
        let reader: SignedDataReader
        let found: [SignatureFacts]
        do {
            reader = try SignedDataReader(content)
            let known = judge.lookup.smimeCertificates(for: reader.signers)
            found = facts(reader, try reader.verify(certificates: known), known)
        } catch {
            return note(error, "the signature", &findings)
        }
        var place = place
        place.doubts += Self.doubts(reader.contentKind)
        _ = hasSigners(reader, &findings)
        let text = reader.contentKind == .data ? try reader.content() : nil
        let inner = try text.map { try Message(parsing: LineEnds.canonical($0), limits: options.limits) }
        var passes = false
        for var facts in found {
            facts.verdict.coveredPart = place.coverage(of: place.path.isEmpty ? "1" : place.name)
            facts.verdict.signaturePart = place.section(place.path)
            facts.coverageDoubts = place.doubts
            if place.isEnvelope { facts.innerHeader = inner?.root.header }
            let verdict = judge.judge(facts)
            passes = passes || verdict.status == .pass
            findings.add(verdict)
        }
        guard let inner, place.layer < Place.maxLayers else { return }
        let holds = found.contains { $0.refusals.isEmpty }
        let isLayer = place.isEnvelope && EntityKind(inner.root.contentType).isLayer
        guard isLayer || (!passes && (!holds || place.isEnvelope)) else { return }
        place.doubts += judge.header.innerDoubts(inner.root.header)
        try inspect(inner, at: place.opened(place.path), &findings)
    }

    private func enveloped(_ content: CMSContent, at place: Place, _ findings: inout Findings) throws {
        findings.encrypted = true
        findings.found(.smime)
        let opened: DecryptedContent
        do {
            let reader = try EnvelopedDataReader(content)
            let keys = judge.lookup.smimeKeys(for: reader.recipients)
            if reader.protection == .unauthenticated { findings.note(Self.unauthenticated(reader.cipher), .smime) }
            guard !keys.isEmpty else {
                let reason = Reason(.encryptedNoKey, "the message is encrypted, to no key that is here")
                return findings.add(.neutral, reason, .smime)
            }
            opened = try reader.decrypt(with: keys)
        } catch {
            return note(error, "the encrypted message", &findings)
        }
        var place = place
        place.doubts += Self.doubts(opened.contentKind)
        guard opened.contentKind == .data, place.layer < Place.maxLayers else { return }
        let inner = try Message(parsing: LineEnds.canonical(opened.content), limits: options.limits)
        keep(inner, isAuthenticated: opened.protection == .authenticated, at: place, &findings)
        place.doubts += judge.header.innerDoubts(inner.root.header)
        try inspect(inner, at: place.opened(place.path), &findings)
    }

    private func compressed(_ content: CMSContent, at place: Place, _ findings: inout Findings) throws {
        guard place.layer < Place.maxLayers else { return }
        let text: [UInt8]
        var place = place
        do {
            let reader = try CompressedDataReader(content)
            place.doubts += Self.doubts(reader.contentKind)
            guard reader.contentKind == .data else { return }
            text = try reader.content()
        } catch {
            return note(error, "the compressed content", &findings)
        }
        let inner = try Message(parsing: LineEnds.canonical(text), limits: options.limits)
        try inspect(inner, at: place.opened(place.path), &findings)
    }

    // MARK: Small things

    private func facts(
        _ reader: SignedDataReader, _ report: SignedDataReport, _ known: [X509Certificate]
    ) -> [SignatureFacts] {
        let lists = reader.revocationLists.prefix(Self.maxLists).compactMap { try? RevocationList(der: $0) }
        return report.signers.map { judge.facts($0, certificates: reader.certificates + known, lists: lists) }
    }

    private func hasSigners(_ reader: SignedDataReader, _ findings: inout Findings) -> Bool {
        guard reader.findings.contains(.noSigners) else { return true }
        findings.add(.permerror, Reason(.noSigners, "there is no signature in the S/MIME structure"), .smime)
        return false
    }

    private static func unauthenticated(_ cipher: ContentCipher) -> Reason {
        Reason(.unauthenticatedCipher, "\(cipher.rawValue) cannot tell whether the encrypted text was modified")
    }

    /// Content that is not a MIME entity, though S/MIME has nothing else.
    private static func doubts(_ kind: CMSContent.Kind) -> [Reason] {
        kind == .data
            ? [] : [Reason(.contentTypeConfusion, "the content is no MIME entity but of type \(kind.rawValue)")]
    }

    /// What it means for the mail that a structure cannot be read or opened. RFC 7281, section 3.1, calls a signature
    /// with errors in its syntax `neutral`.
    private func note(_ error: any Error, _ what: String, _ findings: inout Findings) {
        guard let error = error as? CMSError else {
            return findings.add(.temperror, Reason(.internalFailure, "\(what) could not be inspected"), .smime)
        }
        let (status, code): (Verdict.Status, Reason.Code) =
            switch error.code {
            case .limitExceeded: (.temperror, .tooLarge)
            case .unsupported: (.neutral, .unsupported)
            case .refusedByPolicy: (.neutral, .weakAlgorithm)
            case .notDecryptable: (.neutral, .decryptionFailed)
            case .internalFailure: (.temperror, .internalFailure)
            default: (.neutral, .malformed)
            }
        findings.add(status, Reason(code, "\(what) cannot be read: \(error.code.rawValue)"), .smime)
    }
}
