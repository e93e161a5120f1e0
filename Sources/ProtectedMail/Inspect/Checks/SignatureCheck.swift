import OpenPGP

/// One rule that a signature has to meet before a mail may pass on it.
///
/// The list is the same for both protocols; what differs between them is how `SignatureFacts` come about.
struct SignatureCheck: Sendable {
    /// What a check may know of the mail around a signature.
    struct Mail {
        let header: HeaderFacts
        /// Now.
        let time: Timestamp
    }

    /// Whether nothing that comes after matters if this check has something to say.
    var isDecisive = false
    /// What is against the signature; nothing for a signature that meets the rule.
    let diagnose: @Sendable (SignatureFacts, Mail) -> [Diagnostic]

    /// All rules, the most telling first: without cryptography there is no signer to speak of, and who signed comes
    /// before what was signed.
    static let all: [SignatureCheck] = [.cryptography, .signer, .identity, .trust, .coverage, .time, .innerHeader]

    /// The signature holds, and its key was fit to make it then and is now.
    static let cryptography = SignatureCheck(isDecisive: true) { facts, _ in facts.refusals }

    /// The signature covers all that a reader will see.
    static let coverage = SignatureCheck { facts, _ in
        var found: [Diagnostic] = []
        if case .part(let part) = facts.verdict.coveredPart {
            found.append(.policy(.partialCoverage, "the signature covers only part \(part) of the message"))
        }
        return found + facts.coverageDoubts.map { .policy($0.code, $0.text) }
    }
}
