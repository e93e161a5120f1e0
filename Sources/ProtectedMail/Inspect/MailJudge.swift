import MIME
import OpenPGP

/// Turns what a verifier found out about a signature into what it is worth for a mail.
///
/// `pass` needs everything at once: the signature holds; the key was valid when it signed and is now (both of which the
/// verifier of OpenPGP calls `good`); a valid user ID is
/// exactly the one From address; the binding of that address is trusted; the signature covers the whole message. Each
/// missing piece is a reason. RFC 8601, section 2.7, and draft-ser-authentication-results-openpgp call a signature that
/// verified and is still not accepted `policy`; so that is what a wrong signer or an untrusted key amounts to. `fail` is
/// kept for signatures that do not hold.
struct MailJudge {
    let from: SoleAddress
    let lookup: KeyLookup
    let time: Timestamp
    let options: InspectOptions

    /// The verdict on one signature and all reasons against `pass`.
    func judge(
        _ result: SignatureResult, coverage: SignatureVerdict.Coverage, doubts: [Reason] = []
    ) -> (verdict: SignatureVerdict, reasons: [Reason]) {
        var verdict = SignatureVerdict(status: .neutral, coveredPart: coverage)
        verdict.created = result.signature?.creation
        verdict.keyID = result.signer?.keyID ?? result.issuers.first?.keyID
        if let certificate = result.certificate {
            verdict.fingerprint = certificate.fingerprint
            verdict.provenance = lookup.provenance(of: certificate.fingerprint)
            verdict.userID = certificate.primaryUserID(at: time)?.string
        } else {
            for case .fingerprint(let fingerprint) in result.issuers { verdict.fingerprint = fingerprint }
        }
        guard result.outcome == .good else {
            let (status, reason, validity) = Self.refusal(result.outcome)
            verdict.status = status
            verdict.keyValidity = validity
            verdict.reason = reason
            return (verdict, [reason])
        }
        guard let certificate = result.certificate else {
            let reason = Reason(.unknownKey, "the certificate of the signer is not known")
            verdict.reason = reason
            return (verdict, [reason])
        }
        verdict.keyValidity = "valid when signed and now"
        var reasons = addressDoubts(certificate, &verdict)
        if case .part(let part) = coverage {
            reasons.append(Reason(.partialCoverage, "the signature covers only part \(part) of the message"))
        }
        reasons += doubts
        verdict.status = reasons.isEmpty ? .pass : .policy
        verdict.reason = reasons.first
        return (verdict, reasons)
    }

    /// A From field inside the protection that names somebody else would be shown instead of the outer one by a reader
    /// that knows header protection (RFC 9788, section 4.4).
    func innerFromDoubts(_ header: HeaderBlock) -> [Reason] {
        let inner = header.all("From").map(\.rawValue)
        guard !inner.isEmpty, AddressParser.soleFrom(of: inner) != from else { return [] }
        return [Reason(.innerFromMismatch, "the From field inside the protection is not the one outside")]
    }

    /// What speaks against this being the signature of the sender.
    private func addressDoubts(_ certificate: Certificate, _ verdict: inout SignatureVerdict) -> [Reason] {
        let sender: EmailAddress
        switch from {
        case .none: return [Reason(.fromAmbiguous, "the message has no From field")]
        case .ambiguous(let why):
            return [Reason(.fromAmbiguous, "the From field does not name exactly one address (\(why.rawValue))")]
        case .one(let address): sender = address
        }
        let match = certificate.validUserIDs(at: time, policy: options.policy).first { userID in
            userID.emailAddress.flatMap { EmailAddress($0) } == sender
        }
        guard let match else {
            return [Reason(.signerMismatch, "no valid user ID of the signer is the From address")]
        }
        verdict.userID = match.string
        guard let provenance = verdict.provenance, provenance.bindsAddress else {
            let origin = verdict.provenance?.rawValue ?? "nowhere"
            return [Reason(.untrustedKey, "nothing trusted ties the key to the From address (source: \(origin))")]
        }
        return []
    }

    /// What an outcome other than good means for the mail.
    private static func refusal(_ outcome: SignatureOutcome) -> (Verdict.Status, Reason, String) {
        switch outcome {
        case .good: (.policy, Reason(.unsupported, "the signature is good"), "valid")
        case .bad: (.fail, Reason(.badSignature, "the content does not match the signature"), "unknown")
        case .unknownKey: (.neutral, Reason(.unknownKey, "the key of the signer is not known"), "unknown")
        case .keyExpired:
            (.policy, Reason(.keyExpired, "the signer's key is expired, or was when it signed"), "expired")
        case .keyRevoked(let hard):
            (hard ? .fail : .policy, Reason(.keyRevoked, "the signer's key is revoked"), "revoked")
        case .keyNotYetValid:
            (.policy, Reason(.keyNotYetValid, "the signature is older than the signer's key"), "not yet valid")
        case .signatureExpired:
            (.policy, Reason(.signatureExpired, "the validity period of the signature is over"), "valid when signed")
        case .notSigningKey(let why):
            (.fail, Reason(.notSigningKey, "the key may not sign messages: \(why)"), "not for signing")
        case .weakAlgorithm(let name):
            (.policy, Reason(.weakAlgorithm, "the signature relies on \(name), which is too weak"), "unknown")
        case .unsupported(let what):
            (.neutral, Reason(.unsupported, "the signature needs what is not supported: \(what)"), "unknown")
        case .malformed(let what): (.permerror, Reason(.malformed, "the signature is malformed: \(what)"), "unknown")
        }
    }
}
