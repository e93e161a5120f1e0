/// What an inspection has found so far, and how it adds up to one verdict.
struct Findings {
    private(set) var signatures: [SignatureVerdict] = []
    private(set) var reasons: [Reason] = []
    /// The whole body is encrypted.
    var encrypted = false
    /// What the outermost layer held, if that was encryption and there is nothing around it.
    var opened: OpenedContent?
    /// The outermost protocol of which something was found.
    private(set) var `protocol` = MailProtocol.none
    /// A result that no signature stands for: a broken structure, a missing key.
    private var others: [Verdict.Status] = []

    mutating func add(_ verdict: SignatureVerdict) {
        found(verdict.protocol)
        signatures.append(verdict)
        add(verdict.reasons)
    }

    /// Adds a result that belongs to no signature.
    mutating func add(_ status: Verdict.Status, _ reason: Reason, _ found: MailProtocol) {
        self.found(found)
        others.append(status)
        add([reason])
    }

    /// Adds what a reader should know and that changes no status.
    mutating func note(_ reason: Reason, _ found: MailProtocol = .none) {
        self.found(found)
        add([reason])
    }

    /// Remembers that there is something of this protocol.
    mutating func found(_ found: MailProtocol) {
        if `protocol` == .none { `protocol` = found }
    }

    private mutating func add(_ more: [Reason]) {
        for reason in more where !reasons.contains(reason) { reasons.append(reason) }
    }

    /// Whether a signature does not hold; that its signer is not known says nothing against another one.
    private static func contradicts(_ signature: SignatureVerdict) -> Bool {
        signature.status == .fail || (signature.status == .permerror && signature.reason?.code != .unknownKey)
    }

    /// One verdict: a signature over the whole message that passes is enough, unless another one over it does not hold.
    /// Else the most alarming result wins, so that nothing harmless beside it hides a broken signature.
    var verdict: Verdict {
        let whole = signatures.filter { $0.coveredPart == .wholeMessage }
        let ordered = whole + signatures.filter { $0.coveredPart != .wholeMessage }
        var result = Verdict(status: .none, protocol: `protocol`, signatures: ordered, encrypted: encrypted)
        guard whole.contains(where: { $0.status == .pass }) else {
            result.status = Verdict.Status.worst(signatures.map(\.status).filter { $0 != .pass } + others) ?? .none
            result.reasons = reasons
            return result
        }
        guard whole.contains(where: Self.contradicts) else {
            result.status = .pass
            return result
        }
        let reason = Reason(.contradictingSignature, "one signature is right and another over the same content is not")
        result.status = Verdict.Status.worst(whole.map(\.status)) ?? .fail
        result.reasons = [reason] + reasons
        for index in result.signatures.indices where result.signatures[index].status == .pass {
            result.signatures[index].status = .policy
            result.signatures[index].reasons = [reason]
        }
        return result
    }
}
