import MIME

/// Inspects a message that is whole in memory: every structure that can hold a signature, wherever it stands.
///
/// Only what stands at the very top can cover the whole message (see `Place.isEnvelope`). Anything deeper is reported as
/// covering its part, and never passes.
struct TreeInspector {
    let judge: MailJudge
    let options: InspectOptions

    /// Inspects a message, or what was inside of an encrypted one.
    func inspect(_ message: Message, at place: Place, _ findings: inout Findings) throws {
        for doubt in place.doubts { findings.note(doubt) }
        if StatusImitation.isIn(message) { findings.note(StatusImitation.reason) }
        try inspect(message.root, in: message, at: place, &findings)
    }

    /// Inspects an entity and everything in it.
    func inspect(_ entity: Entity, in message: Message, at place: Place, _ findings: inout Findings) throws {
        switch EntityKind(entity.contentType) {
        case .signed: try signed(entity, in: message, at: place, &findings)
        case .encrypted where place.isEnvelope: try encrypted(entity, in: message, at: place, &findings)
        case .encrypted: noteCiphertext(entity, "is encrypted", at: place, .openpgp, &findings)
        case .cms: try cms(entity, in: message, at: place, &findings)
        case .text: try text(entity, in: message, at: place, &findings)
        case .multipart, .message, .other: try children(of: entity, in: message, at: place, &findings)
        }
    }

    /// Looks into the children of an entity that does not protect anything itself.
    func children(of entity: Entity, in message: Message, at place: Place, _ findings: inout Findings) throws {
        let isMultipart = entity.contentType.isMultipart
        for (index, child) in entity.children.enumerated() {
            // The message inside of a message/rfc822 has the number of that part; alone at the top it is part 1.
            let path = isMultipart || place.path.isEmpty ? place.path + [index + 1] : place.path
            let inner = place.child(
                path, siblings: entity.children.count > 1 || (!isMultipart && place.hasSiblings),
                isForwarded: !isMultipart)
            try inspect(child, in: message, at: inner, &findings)
        }
    }

    /// Remembers ciphertext that is only a part of the message. It is never opened: once decrypted among plain parts,
    /// markup around it could carry its text away (direct exfiltration), and a reply would quote it.
    func noteCiphertext(
        _ entity: Entity, _ what: String, at place: Place, _ protocol: MailProtocol, _ findings: inout Findings
    ) {
        let isApart = place.isForwarded || !place.hasSiblings || entity.disposition?.isAttachment == true
        let code: Reason.Code = isApart ? .encryptedPart : .ciphertextInPlain
        let around = isApart ? "" : " among plain parts"
        findings.note(Reason(code, "part \(place.name) \(what)\(around) and was not opened"), `protocol`)
    }

    /// Keeps what was decrypted, for whoever may deliver it: only where the ciphertext was the whole message, or what
    /// stands around it could carry the text away.
    func keep(_ inner: Message, isAuthenticated: Bool, at place: Place, _ findings: inout Findings) {
        guard options.keepsOpened, place.path.isEmpty, place.layer == 0, place.doubts.isEmpty else { return }
        findings.opened = OpenedContent(message: inner, isAuthenticated: isAuthenticated)
    }

    // MARK: multipart/signed

    private func signed(_ entity: Entity, in message: Message, at place: Place, _ findings: inout Findings) throws {
        let what = place.path.isEmpty ? "the message" : "part \(place.name)"
        guard let content = entity.children.first, let signaturePart = entity.children.dropFirst().first,
            let kind = EntityKind.signature(signaturePart.contentType.mediaType)
        else {
            let reason = Reason(.malformed, "\(what) is not a signed part followed by its signature")
            findings.add(.permerror, reason, .openpgp)
            return try children(of: entity, in: message, at: place, &findings)
        }
        if let named = entity.contentType.parameter("protocol"), EntityKind.signature(named.lowercased()) != kind {
            let reason = Reason(.contentTypeConfusion, "\(what) names another protocol than that of its signature")
            return findings.add(.permerror, reason, kind)
        }
        var place = place
        place.doubts += StructureDoubts.of(entity, in: message)
        let signatures = message.decodedBody(of: signaturePart).bytes
        let octets = message.slice(content.range)
        let found =
            kind == .smime
            ? smimeDetached(octets, signatures: signatures, &findings)
            : try detached(octets, signatures: signatures, &findings)
        guard let found else { return }
        let inner = place.content(place.path + [1])
        var passes = false
        for var facts in found {
            facts.verdict.coveredPart = place.coverage(of: inner.name)
            if kind == .smime { facts.verdict.signaturePart = place.section(place.path + [2]) }
            facts.coverageDoubts = place.doubts
            if place.isEnvelope { facts.innerHeader = content.header }
            let verdict = judge.judge(facts)
            passes = passes || verdict.status == .pass
            findings.add(verdict)
        }
        // What is inside matters where it is a layer of its own, or where this signature does not already speak for it.
        let holds = found.contains { $0.refusals.isEmpty }
        let isLayer = place.isEnvelope && EntityKind(content.contentType).isLayer
        guard place.layer < Place.maxLayers, isLayer || (!passes && (!holds || place.isEnvelope)) else { return }
        var deeper = inner
        deeper.doubts += judge.header.innerDoubts(content.header)
        try inspect(content, in: message, at: deeper, &findings)
    }
}
