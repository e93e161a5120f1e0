import OpenPGP

extension SignatureCheck {
    /// How long before its Date field a mail may have been signed, in seconds. S/MIME programs sign when they send, and
    /// readers of it call a larger difference a mismatch.
    private static func oldestSignature(_ protocol: MailProtocol) -> Int64 { `protocol` == .smime ? 3600 : 86_400 }
    /// How far a signer's clock may be ahead of ours, in seconds.
    static let clockTolerance: Int64 = 300

    /// The signature belongs to this sending: an old one under a new Date is a replay.
    static let time = SignatureCheck { facts, mail in
        guard let created = facts.verdict.created else {
            return [.policy(.signatureTime, "the signature does not say when it was made")]
        }
        if created > mail.time.adding(seconds: clockTolerance) {
            return [.policy(.signatureTime, "the signature is dated in the future")]
        }
        switch mail.header.date {
        case .ambiguous: return [.policy(.signatureTime, "the Date field cannot be read, or there are several")]
        case .none: return []
        case .one(let date):
            let oldest = date.adding(seconds: -oldestSignature(facts.verdict.protocol))
            return created < oldest ? [stale] : []
        }
    }

    private static let stale = Diagnostic.policy(.signatureTime, "the signature is much older than the message")
}
