import OpenPGP

/// Applies the rules of mail to signatures.
///
/// `pass` needs everything at once; each missing piece is a reason. RFC 8601, section 2.7, and
/// draft-ser-authentication-results-openpgp call a signature that verified and is still not accepted `policy`; so that is
/// what a wrong signer or an untrusted key amounts to. `fail` is kept for signatures that do not hold.
struct MailJudge {
    let header: HeaderFacts
    let lookup: KeyLookup
    let time: Timestamp
    let options: InspectOptions
    var checks = SignatureCheck.all

    /// The verdict on one signature.
    func judge(_ facts: SignatureFacts) -> SignatureVerdict {
        let mail = SignatureCheck.Mail(header: header, time: time)
        var found: [Diagnostic] = []
        for check in checks {
            let diagnostics = check.diagnose(facts, mail)
            found += diagnostics
            if check.isDecisive, !diagnostics.isEmpty { break }
        }
        var verdict = facts.verdict
        verdict.status = Verdict.Status.worst(found.map(\.status)) ?? .pass
        verdict.reasons = found.map(\.reason)
        let counts = facts.identities.first { identity in
            if case .one(let sender) = header.from { identity.address == sender } else { false }
        }
        verdict.userID = counts?.text ?? facts.identities.first?.text
        verdict.signer = counts?.address ?? facts.identities.lazy.compactMap(\.address).first
        return verdict
    }
}
