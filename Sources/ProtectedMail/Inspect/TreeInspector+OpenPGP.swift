import Libcrypto
import MIME
import OpenPGP

/// The structures of OpenPGP: PGP/MIME (RFC 3156) and inline blocks.
extension TreeInspector {
    /// What is known of the detached signatures over some octets; nil, after a note of it, where they cannot be read.
    func detached(
        _ content: ArraySlice<UInt8>, signatures: [UInt8], _ findings: inout Findings
    ) throws -> [SignatureFacts]? {
        do {
            let verifier = try DetachedVerifier(hashes: Set(DetachedVerifier.hashes(of: signatures)))
            verifier.push(content.span)
            let lookup = judge.lookup
            let results = try verifier.finish(signatures: signatures, time: judge.time, policy: options.policy) {
                lookup.certificates(for: $0)
            }
            return results.map { judge.facts($0, coverage: .wholeMessage) }
        } catch let error as OpenPGPError {
            let reason = Reason(.malformed, "the signature cannot be read: \(error.code.rawValue)")
            findings.add(.permerror, reason, .openpgp)
            return nil
        }
    }

    // MARK: multipart/encrypted

    func encrypted(_ entity: Entity, in message: Message, at place: Place, _ findings: inout Findings) throws {
        findings.encrypted = true
        findings.found(.openpgp)
        guard entity.children.count == 2, entity.children[0].contentType.mediaType == "application/pgp-encrypted",
            entity.children[1].children.isEmpty
        else {
            let reason = Reason(.malformed, "the message is not an encrypted part after its control part")
            return findings.add(.permerror, reason, .openpgp)
        }
        var place = place
        place.doubts += StructureDoubts.of(entity, in: message)
        let data = message.decodedBody(of: entity.children[1]).bytes
        guard let opened = try open(data, &findings) else { return }
        findings.encrypted = opened.wasEncrypted
        let inner = try Message(parsing: LineEnds.canonical(opened.content.bytes()), limits: options.limits)
        if opened.wasEncrypted { keep(inner, isAuthenticated: true, at: place, &findings) }
        let isSigned = judgeOpened(opened, header: inner.root.header, at: place, part: "2", &findings)
        guard !isSigned, place.layer < Place.maxLayers else { return }
        place.doubts += judge.header.innerDoubts(inner.root.header)
        try inspect(inner, at: place.opened(place.path + [2]), &findings)
    }

    /// Judges the signatures inside of an encrypted message; whether there are any.
    private func judgeOpened(
        _ opened: DecryptedMessage, header: HeaderBlock?, at place: Place, part: String, _ findings: inout Findings
    ) -> Bool {
        for result in opened.signatures {
            var facts = judge.facts(result, coverage: place.coverage(of: part))
            facts.coverageDoubts = place.doubts
            facts.innerHeader = header
            findings.add(judge.judge(facts))
        }
        return !opened.signatures.isEmpty
    }

    // MARK: inline

    func text(_ entity: Entity, in message: Message, at place: Place, _ findings: inout Findings) throws {
        let text = message.decodedBody(of: entity).bytes
        let found = InlineBlocks(text)
        guard !found.blocks.isEmpty else { return }
        var place = place
        place.doubts += textDoubts(entity, text, found)
        place.hasSiblings = place.hasSiblings || found.hasTextOutside || found.blocks.count > 1
        let part = place.name
        for block in found.blocks {
            let bytes = Array(text[block.range])
            switch block.kind {
            case .signedText:
                for result in try clearSigned(bytes, part: part, &findings) {
                    var facts = judge.facts(result, coverage: place.coverage(of: part))
                    facts.coverageDoubts = place.doubts
                    findings.add(judge.judge(facts))
                }
            case .message where place.isEnvelope && place.doubts.isEmpty:
                findings.encrypted = true
                findings.found(.openpgp)
                guard let opened = try open(bytes, &findings) else { continue }
                findings.encrypted = opened.wasEncrypted
                _ = judgeOpened(opened, header: nil, at: place, part: part, &findings)
            case .message:
                noteCiphertext(entity, "holds an OpenPGP message", at: place, .openpgp, &findings)
            }
        }
    }

    private func textDoubts(_ entity: Entity, _ text: [UInt8], _ found: InlineBlocks) -> [Reason] {
        var doubts: [Reason] = []
        if found.hasTextOutside || found.blocks.count > 1 {
            doubts.append(Reason(.partialCoverage, "there is text outside of the protected block"))
        }
        if found.blocks.contains(where: { $0.hasTextInHeader(in: text) }) {
            doubts.append(Reason(.partialCoverage, "there is text in the armor header, which is not signed"))
        }
        if entity.contentType.mediaType != "text/plain" && entity.contentType.type == "text" {
            doubts.append(Reason(.partialCoverage, "the block stands inside markup, which decides what is seen of it"))
        }
        if entity.defects.contains(where: StructureDoubts.divides) {
            doubts.append(Reason(.partialCoverage, "the text can be decoded in more than one way"))
        }
        var charsets: [String] = found.blocks.flatMap { $0.charsets(in: text) }
        if let named = entity.contentType.parameter("charset") { charsets.append(named) }
        if !charsets.allSatisfy({ InlineCharset.isPlain($0) }) {
            doubts.append(Reason(.partialCoverage, "the character set is not signed and may change what is seen"))
        }
        return doubts
    }

    /// The signatures of one clear-signed block.
    private func clearSigned(_ block: [UInt8], part: String, _ findings: inout Findings) throws -> [SignatureResult] {
        let lookup = judge.lookup
        do {
            let found = try CleartextSignature.verify(block, time: judge.time, policy: options.policy) {
                lookup.certificates(for: $0)
            }
            return found?.signatures ?? []
        } catch let error as OpenPGPError {
            let text = "the clear-signed block of part \(part) cannot be read: \(error.code.rawValue)"
            findings.add(.permerror, Reason(.malformed, text), .openpgp)
            return []
        }
    }

    // MARK: decryption

    private func open(_ data: [UInt8], _ findings: inout Findings) throws -> DecryptedMessage? {
        let lookup = judge.lookup
        var settings = MessageDecryptor.Options()
        settings.maximumSize = options.maxInspectSize
        settings.spoolDirectory = options.spoolDirectory
        settings.policy = options.policy
        let decryptor = MessageDecryptor(
            keys: { lookup.decryptionKeys(for: $0) }, options: settings, time: judge.time,
            certificates: { lookup.certificates(for: $0) })
        do {
            try decryptor.push(data)
            return try decryptor.finish()
        } catch let error as OpenPGPError {
            let (status, reason) = Self.decryptionFailure(error, data)
            findings.add(status, reason, .openpgp)
            return nil
        }
    }

    /// What it means for the mail that it cannot be decrypted.
    private static func decryptionFailure(_ error: OpenPGPError, _ data: [UInt8]) -> (Verdict.Status, Reason) {
        switch error.code {
        case .noUsableKey, .secretUnavailable:
            (.neutral, Reason(.encryptedNoKey, "the message is encrypted, to no key that is here"))
        case .notDecryptable:
            (.neutral, Reason(.decryptionFailed, "the message could not be decrypted with the keys that are here"))
        case .unsupportedVersion, .unsupportedAlgorithm:
            (.neutral, Reason(.unsupported, "the encryption needs what is not supported: \(error.message)"))
        case .limitExceeded:
            (.temperror, Reason(.tooLarge, "the decrypted message is larger than what is inspected"))
        case .integrityFailure where lacksIntegrity(data):
            (.permerror, Reason(.noMDC, "the encrypted data has no protection against modification"))
        case .integrityFailure:
            (.fail, Reason(.modified, "the encrypted data was modified on its way"))
        default: (.permerror, Reason(.malformed, "the encrypted data cannot be read: \(error.code.rawValue)"))
        }
    }

    /// Whether the data is of the old kind without an integrity code (RFC 9580, section 5.7).
    private static func lacksIntegrity(_ data: [UInt8]) -> Bool {
        let packets = (try? Armor.decode(data))?.first { $0.kind == .message }?.bytes ?? data
        var reader = PacketReader(packets)
        while let packet = try? reader.next() {
            if packet.tag == .symmetricallyEncryptedData { return true }
        }
        return false
    }
}
