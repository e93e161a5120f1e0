import Libcrypto
public import MIME
public import OpenPGP

/// Inspects one incoming message as it streams by: the header first, then the body in any pieces, then the verdict.
///
/// A multipart/signed body is hashed as it arrives. Every body that may matter also waits in a sealed spool, because
/// some structures need the whole: inline OpenPGP, signed parts inside others, a hash other than the announced one,
/// encryption. A search for the marks of OpenPGP runs along; a message without any is `none` without a closer look.
///
/// Not thread-safe; one object per message.
public final class Inspector {
    private let header: [HeaderField]
    private let facts: HeaderFacts
    private let judge: MailJudge
    private let options: InspectOptions
    private var signed: SignedStream?
    private let spool: Spool
    private var trigger = TriggerScan()
    private var size = 0

    /// The message as its reader gets it decrypted, once it has ended; nil where it was not encrypted as a whole, could
    /// not be opened, or may have been altered by somebody without the key.
    public private(set) var opened: OpenedMessage?

    /// Whether the body can change the verdict. False: there is nothing in it to verify, and `finish` may be called now.
    ///
    /// Any text may hold an inline signature and any multipart or message a part with one. What is left are single
    /// attachments, such as `application/pdf`.
    public let wantsBody: Bool

    /// Starts an inspection.
    ///
    /// - Parameters:
    ///   - header: all fields in order, values with their leading space, folded with LF or CRLF.
    ///   - source: who knows certificates, and keys if encrypted mail is to be opened.
    ///   - time: now; key validity is judged at this time and at that of the signature.
    /// - Throws: errors of the crypto library. The message decides nothing here: hostile headers do not throw.
    public init(
        header: [HeaderField], source: any CertificateSource, options: InspectOptions = .init(), time: Timestamp
    ) throws {
        self.header = header
        self.options = options
        facts = HeaderFacts(header)
        let lookup = KeyLookup(source: source)
        judge = MailJudge(header: facts, lookup: lookup, time: time, options: options)
        spool = Spool(memoryLimit: options.spoolMemoryLimit, directory: options.spoolDirectory)
        switch EntityKind(facts.contentType) {
        case .signed:
            let named = facts.contentType.parameter("protocol")
            if named == nil || EntityKind.signature(named?.lowercased() ?? "") == .openpgp {
                let hashes = SignedStream.announcedHashes(facts.contentType)
                signed = try SignedStream(contentType: facts.contentType, hashes: hashes)
            }
            wantsBody = true
        case .encrypted, .cms, .multipart, .message, .text: wantsBody = true
        case .other: wantsBody = false
        }
    }

    /// Takes the next piece of the body, line ends CRLF. Throws when the spool cannot grow, as on a full disk: the
    /// message is then not inspected, which is `temperror`.
    public func push(_ body: Span<UInt8>) throws {
        guard wantsBody else { return }
        let (total, overflow) = size.addingReportingOverflow(body.count)
        size = overflow ? Int.max : total
        trigger.push(body)
        guard size <= options.maxInspectSize else {
            signed = nil
            return
        }
        try spool.append(body)
        signed?.push(body)
    }

    /// Ends the message and gives the verdict. Never throws: what cannot be judged has a status of its own.
    public func finish() -> Verdict {
        let kind = EntityKind(facts.contentType)
        let mayMatter = trigger.hasFired || kind.isLayer
        guard wantsBody, mayMatter else { return concluded(.none) }
        guard size <= options.maxInspectSize else {
            let limit = options.maxInspectSize
            let reason = Reason(.tooLarge, "the body is larger than the \(limit) octets that are inspected")
            return Verdict(
                status: .temperror, protocol: mailProtocol, reasons: [reason], encrypted: kind == .encrypted)
        }
        do {
            var findings = Findings()
            if try !verifySigned(&findings) { try inspectWhole(&findings) }
            let verdict = concluded(findings.verdict)
            if let content = findings.opened,
                content.isAuthenticated || verdict.status == .pass || options.opensUnauthenticated
            {
                opened = try OpenedMessage(content.message, header: header, spoolDirectory: options.spoolDirectory)
            }
            return verdict
        } catch let error as OpenPGPError {
            return failed(.permerror, .malformed, "the signature cannot be read: \(error.code.rawValue)")
        } catch let error as MIMEError {
            return failed(.permerror, .malformed, "the structure of the message cannot be read: \(error.code)")
        } catch {
            return failed(.temperror, .internalFailure, "the inspection could not be finished")
        }
    }

    private func concluded(_ verdict: Verdict) -> Verdict {
        var result = verdict
        if verdict.status != .pass, StatusImitation.isIn(header), !verdict.reasons.contains(StatusImitation.reason) {
            result.reasons.append(StatusImitation.reason)
        }
        // A verdict given while keys could not be looked up may be wrong in both directions.
        guard judge.lookup.failure != nil, verdict.status != .none else { return result }
        result.status = .temperror
        result.reasons.insert(Reason(.keySourceFailed, "the keys could not be looked up"), at: 0)
        for index in result.signatures.indices {
            result.signatures[index].status = .temperror
            result.signatures[index].reasons = Array(result.reasons.prefix(1))
        }
        return result
    }

    private func failed(_ status: Verdict.Status, _ code: Reason.Code, _ text: String) -> Verdict {
        Verdict(status: status, protocol: mailProtocol, reasons: [Reason(code, text)])
    }

    /// The protocol as far as the header tells.
    private var mailProtocol: MailProtocol {
        let named = facts.contentType.parameter("protocol")?.lowercased() ?? ""
        let isSMIME = EntityKind(facts.contentType) == .cms || EntityKind.signature(named) == .smime
        return isSMIME ? .smime : .openpgp
    }

    /// The short way: a signed message of the ordinary shape. False where the whole has to be looked at.
    private func verifySigned(_ findings: inout Findings) throws -> Bool {
        guard let stream = signed else { return false }
        let outcome = stream.finish()
        guard let signatures = outcome.signatures, let inner = outcome.header, outcome.doubts.isEmpty,
            facts.doubts.isEmpty
        else { return false }
        var verifier = stream.verifier
        let missing = try verifier.missingHashes(for: signatures)
        if !missing.isEmpty {
            guard let again = try SignedStream(contentType: facts.contentType, hashes: missing) else { return false }
            try spool.forEachChunk { again.push($0) }
            _ = again.finish()
            verifier = again.verifier
        }
        let lookup = judge.lookup
        let results = try verifier.finish(signatures: signatures, time: judge.time, policy: options.policy) {
            lookup.certificates(for: $0)
        }
        let found = results.map { judge.facts($0, coverage: .wholeMessage) }
        for var facts in found {
            facts.innerHeader = inner
            findings.add(judge.judge(facts))
        }
        // There may be a signature inside of one that does not pass, and then the whole is needed.
        guard findings.verdict.status != .pass else { return true }
        findings = Findings()
        return false
    }

    /// The long way: the whole message as a tree.
    private func inspectWhole(_ findings: inout Findings) throws {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(spool.count + 4096)
        for field in header {
            bytes += field.nameBytes + [UInt8(ascii: ":")] + LineEnds.canonical(field.rawValue) + Octet.crlf
        }
        bytes += Octet.crlf
        try spool.forEachChunk { bytes.append($0) }
        var limits = options.limits
        limits.maxHeaderBytes = max(limits.maxHeaderBytes, bytes.count - spool.count)
        let message = try Message(parsing: bytes, limits: limits)
        let inspector = TreeInspector(judge: judge, options: options)
        try inspector.inspect(message, at: Place(isEnvelope: true, doubts: facts.doubts), &findings)
    }
}
