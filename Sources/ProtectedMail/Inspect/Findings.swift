/// What an inspection has found so far, and how it adds up to one verdict.
struct Findings {
    private(set) var signatures: [SignatureVerdict] = []
    private(set) var reasons: [Reason] = []
    /// The whole body is encrypted.
    var encrypted = false
    /// Something of OpenPGP was found.
    var isProtected = false
    /// A result that no signature stands for: a broken structure, a missing key.
    private var others: [Verdict.Status] = []

    mutating func add(_ judged: (verdict: SignatureVerdict, reasons: [Reason])) {
        isProtected = true
        signatures.append(judged.verdict)
        add(judged.reasons)
    }

    /// Adds a result that belongs to no signature.
    mutating func add(_ status: Verdict.Status, _ reason: Reason) {
        isProtected = true
        others.append(status)
        add([reason])
    }

    /// Adds what a reader should know and that changes no status.
    mutating func note(_ reason: Reason) {
        isProtected = true
        add([reason])
    }

    private mutating func add(_ more: [Reason]) {
        for reason in more where !reasons.contains(reason) { reasons.append(reason) }
    }

    /// One verdict: a signature over the whole message that passes is enough. Else the most alarming result wins, so
    /// that nothing harmless beside it hides a broken signature.
    var verdict: Verdict {
        let whole = signatures.filter { $0.coveredPart == .wholeMessage }
        let ordered = whole + signatures.filter { $0.coveredPart != .wholeMessage }
        if whole.contains(where: { $0.status == .pass }) {
            return Verdict(status: .pass, protocol: .openpgp, signatures: ordered, encrypted: encrypted)
        }
        let found = Set(signatures.map(\.status) + others)
        let order: [Verdict.Status] = [.temperror, .fail, .permerror, .policy, .neutral]
        let status = order.first { found.contains($0) } ?? .none
        return Verdict(
            status: status, protocol: isProtected ? .openpgp : .none, signatures: ordered, reasons: reasons,
            encrypted: encrypted)
    }
}
