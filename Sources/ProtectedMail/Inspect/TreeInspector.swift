import Libcrypto
import MIME
import OpenPGP

/// Inspects a message that is whole in memory: every structure that can hold an OpenPGP signature, wherever it stands.
///
/// Only what stands at the very top can cover the whole message (the cryptographic envelope of RFC 9787). Anything
/// deeper is reported as covering its part, and never passes.
struct TreeInspector {
    let judge: MailJudge
    let options: InspectOptions
    /// Layers of encryption opened so far: a message may hold one, and a signed one inside it, not a tower.
    var layer = 0
    private static let maxLayers = 3

    /// Inspects the message; `doubts` are reasons why nothing in it may count as covering all of it.
    func inspect(_ message: Message, doubts: [Reason], into findings: inout Findings) throws {
        let root = message.root
        let isTop = doubts.isEmpty
        switch PGPMIMEKind(root.contentType) {
        case .signed:
            try signed(root, in: message, path: [], doubts: doubts, &findings)
        case .encrypted:
            findings.encrypted = true
            findings.isProtected = true
            try encrypted(root, in: message, doubts: doubts, &findings)
        case .text:
            try text(root, in: message, path: isTop ? [] : [1], doubts: doubts, &findings)
        case .multipart, .message, .other:
            try nested(root, in: message, path: [], &findings)
        }
    }

    /// Looks into the children of an entity that does not protect anything itself.
    private func nested(_ entity: Entity, in message: Message, path: [Int], _ findings: inout Findings) throws {
        for (index, child) in entity.children.enumerated() {
            // The message inside of a message/rfc822 has the number of that part; alone at the top it is part 1.
            let childPath = entity.contentType.isMultipart || path.isEmpty ? path + [index + 1] : path
            switch PGPMIMEKind(child.contentType) {
            case .signed: try signed(child, in: message, path: childPath, doubts: [], &findings)
            case .encrypted:
                let part = Self.name(childPath)
                findings.note(Reason(.encryptedPart, "part \(part) is encrypted and was not opened"))
            case .text: try text(child, in: message, path: childPath, doubts: [], &findings)
            case .multipart, .message, .other: try nested(child, in: message, path: childPath, &findings)
            }
        }
    }

    // MARK: multipart/signed

    /// An empty path is the whole message.
    private func signed(
        _ entity: Entity, in message: Message, path: [Int], doubts: [Reason], _ findings: inout Findings
    ) throws {
        guard let content = entity.children.first, let signaturePart = entity.children.dropFirst().first,
            signaturePart.contentType.mediaType == "application/pgp-signature"
        else {
            let place = path.isEmpty ? "the message" : "part \(Self.name(path))"
            findings.add(.permerror, Reason(.malformed, "\(place) is not a signed part followed by its signature"))
            try nested(entity, in: message, path: path, &findings)
            return
        }
        var doubts = doubts
        if entity.children.count > 2 {
            doubts.append(Reason(.partialCoverage, "there are parts after the signature"))
        }
        if entity.defects.contains(where: \.isStructural) {
            doubts.append(Reason(.partialCoverage, "the parts of the message can be read in more than one way"))
        }
        if [entity.preamble, entity.epilogue].contains(where: { range in
            !Preamble.isHarmless(range.map { Array(message.slice($0)) } ?? [])
        }) {
            doubts.append(Reason(.partialCoverage, "there is text before or after the signed part"))
        }
        let signatures = message.decodedBody(of: signaturePart).bytes
        let results: [SignatureResult]
        do {
            results = try verify(message.slice(content.range), signatures: signatures)
        } catch let error as OpenPGPError {
            findings.add(.permerror, Reason(.malformed, "the signature cannot be read: \(error.code.rawValue)"))
            return
        }
        let isWhole = path.isEmpty && doubts.isEmpty
        let coverage: SignatureVerdict.Coverage = isWhole ? .wholeMessage : .part(Self.name(path + [1]))
        let inner = isWhole ? judge.innerFromDoubts(content.header) : []
        for result in results { findings.add(judge.judge(result, coverage: coverage, doubts: doubts + inner)) }
        // Deeper signatures matter only where this one does not cover them.
        if results.allSatisfy({ $0.outcome != .good }) { try nested(content, in: message, path: path + [1], &findings) }
    }

    private func verify(_ content: ArraySlice<UInt8>, signatures: [UInt8]) throws -> [SignatureResult] {
        let verifier = try DetachedVerifier(hashes: Set(DetachedVerifier.hashes(of: signatures)))
        verifier.push(content.span)
        let lookup = judge.lookup
        return try verifier.finish(signatures: signatures, time: judge.time, policy: options.policy) {
            lookup.certificates(for: $0)
        }
    }

    // MARK: multipart/encrypted

    private func encrypted(
        _ entity: Entity, in message: Message, doubts: [Reason], _ findings: inout Findings
    ) throws {
        guard entity.children.count == 2, entity.children[0].contentType.mediaType == "application/pgp-encrypted",
            entity.children[1].children.isEmpty
        else {
            findings.add(.permerror, Reason(.malformed, "the message is not an encrypted part after its control part"))
            return
        }
        var doubts = doubts
        if entity.defects.contains(where: \.isStructural) {
            doubts.append(Reason(.partialCoverage, "the parts of the message can be read in more than one way"))
        }
        if [entity.preamble, entity.epilogue].contains(where: { range in
            !Preamble.isHarmless(range.map { Array(message.slice($0)) } ?? [])
        }) {
            doubts.append(Reason(.partialCoverage, "there is text before or after the encrypted part"))
        }
        let data = message.decodedBody(of: entity.children[1]).bytes
        guard let opened = try open(data, &findings) else { return }
        findings.encrypted = opened.wasEncrypted
        let inner = try Message(parsing: LineEnds.canonical(opened.content.bytes()), limits: options.limits)
        let coverage: SignatureVerdict.Coverage = doubts.isEmpty ? .wholeMessage : .part("2")
        doubts += judge.innerFromDoubts(inner.root.header)
        for result in opened.signatures { findings.add(judge.judge(result, coverage: coverage, doubts: doubts)) }
        guard opened.signatures.isEmpty, layer < Self.maxLayers else { return }
        var deeper = self
        deeper.layer += 1
        try deeper.inspect(inner, doubts: doubts, into: &findings)
    }

    // MARK: inline

    /// An empty path is the whole message.
    private func text(
        _ entity: Entity, in message: Message, path: [Int], doubts: [Reason], _ findings: inout Findings
    ) throws {
        let text = message.decodedBody(of: entity).bytes
        let found = InlineBlocks(text)
        guard !found.blocks.isEmpty else { return }
        var doubts = doubts
        if found.hasTextOutside || found.blocks.count > 1 {
            doubts.append(Reason(.partialCoverage, "there is text outside of the protected block"))
        }
        if entity.contentType.mediaType != "text/plain" && entity.contentType.type == "text" {
            doubts.append(Reason(.partialCoverage, "the block stands inside markup, which decides what is seen of it"))
        }
        if entity.defects.contains(where: \.isStructural) {
            doubts.append(Reason(.partialCoverage, "the text can be decoded in more than one way"))
        }
        var charsets: [String] = found.blocks.flatMap { $0.charsets(in: text) }
        if let named = entity.contentType.parameter("charset") { charsets.append(named) }
        if !charsets.allSatisfy({ InlineCharset.isPlain($0) }) {
            doubts.append(Reason(.partialCoverage, "the character set is not signed and may change what is seen"))
        }
        let isWhole = path.isEmpty && doubts.isEmpty
        let part = path.isEmpty ? "TEXT" : Self.name(path)
        let coverage: SignatureVerdict.Coverage = isWhole ? .wholeMessage : .part(part)
        for block in found.blocks {
            let bytes = Array(text[block.range])
            switch block.kind {
            case .signedText:
                for result in try clearSigned(bytes, part: part, &findings) {
                    findings.add(judge.judge(result, coverage: coverage, doubts: doubts))
                }
            case .message where isWhole:
                findings.encrypted = true
                guard let opened = try open(bytes, &findings) else { continue }
                findings.encrypted = opened.wasEncrypted
                for result in opened.signatures { findings.add(judge.judge(result, coverage: coverage)) }
            case .message:
                findings.note(Reason(.encryptedPart, "part \(part) holds an OpenPGP message and was not opened"))
            }
        }
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
            findings.add(.permerror, Reason(.malformed, text))
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
            findings.add(status, reason)
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

    /// The number of a part as IMAP writes it.
    private static func name(_ path: [Int]) -> String {
        path.isEmpty ? "TEXT" : path.map(String.init).joined(separator: ".")
    }
}
