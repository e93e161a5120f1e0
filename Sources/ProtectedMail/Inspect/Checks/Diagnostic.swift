/// What one check has against a signature: the best status it leaves, and why.
struct Diagnostic: Equatable {
    let status: Verdict.Status
    let reason: Reason

    init(_ status: Verdict.Status, _ code: Reason.Code, _ text: String) {
        self.status = status
        reason = Reason(code, text)
    }

    /// A signature that holds and is not accepted (RFC 8601, section 2.7.1).
    static func policy(_ code: Reason.Code, _ text: String) -> Diagnostic { Diagnostic(.policy, code, text) }
}

extension Verdict.Status {
    /// The results, the most alarming first, so that nothing harmless hides something that is not.
    static let byAlarm: [Verdict.Status] = [.temperror, .fail, .permerror, .policy, .neutral]

    /// The most alarming of several results; nil of nothing.
    static func worst(_ statuses: some Sequence<Verdict.Status>) -> Verdict.Status? {
        let found = Set(statuses)
        return byAlarm.first { found.contains($0) } ?? found.first
    }
}
