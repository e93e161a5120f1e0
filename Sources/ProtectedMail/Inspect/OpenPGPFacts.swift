import MIME
import OpenPGP

extension MailJudge {
    /// What the verifier of OpenPGP found out, in the terms that the checks share.
    func facts(_ result: SignatureResult, coverage: SignatureVerdict.Coverage) -> SignatureFacts {
        var verdict = SignatureVerdict(status: .neutral, protocol: .openpgp, coveredPart: coverage)
        verdict.created = result.signature?.creation
        verdict.keyID = result.signer?.keyID ?? result.issuers.first?.keyID
        var facts = SignatureFacts(verdict: verdict)
        if let certificate = result.certificate {
            facts.verdict.fingerprint = certificate.fingerprint
            facts.verdict.trust = lookup.provenance(of: certificate.fingerprint).map { .source($0) } ?? .none
            facts.identities = certificate.validUserIDs(at: time, policy: options.policy).map { userID in
                .init(address: userID.emailAddress.flatMap { EmailAddress($0) }, text: userID.string)
            }
        } else {
            for case .fingerprint(let fingerprint) in result.issuers { facts.verdict.fingerprint = fingerprint }
        }
        let (refusal, validity) = Self.refusal(of: result, at: time)
        facts.refusals = refusal.map { [$0] } ?? []
        facts.verdict.keyValidity = validity
        return facts
    }

    /// What an outcome means for the mail, and the validity of the key in words.
    private static func refusal(of result: SignatureResult, at time: Timestamp) -> (Diagnostic?, String) {
        switch result.outcome {
        case .good where result.certificate == nil:
            (.init(.neutral, .unknownKey, "the certificate of the signer is not known"), "unknown")
        case .good: (nil, "valid when signed and now")
        case .bad: (.init(.fail, .badSignature, "the content does not match the signature"), "unknown")
        case .unknownKey: (.init(.neutral, .unknownKey, "the key of the signer is not known"), "unknown")
        case .keyExpired: (.policy(.keyExpired, "the signer's key is expired, or was when it signed"), "expired")
        case .keyRevoked(let hard):
            (.init(hard ? .fail : .policy, .keyRevoked, "the signer's key is revoked"), "revoked")
        case .keyNotYetValid:
            (.policy(.keyNotYetValid, "the signature is older than the signer's key"), "not yet valid")
        case .signatureExpired:
            (.policy(.signatureExpired, "the validity period of the signature is over"), "valid when signed")
        case .notSigningKey(let why):
            (.init(.fail, .notSigningKey, "the key may not sign messages: \(why)"), "not for signing")
        case .weakAlgorithm(let name):
            (.policy(.weakAlgorithm, "the signature relies on \(name), which is too weak"), "unknown")
        case .unsupported(let what):
            (.init(.neutral, .unsupported, "the signature needs what is not supported: \(what)"), "unknown")
        case .malformed where isFromTheFuture(result, at: time):
            (.policy(.signatureTime, "the signature is dated in the future"), "unknown")
        case .malformed(let what): (.init(.permerror, .malformed, "the signature is malformed: \(what)"), "unknown")
        }
    }

    private static func isFromTheFuture(_ result: SignatureResult, at time: Timestamp) -> Bool {
        result.signature?.creation.map { $0 > time.adding(seconds: SignatureCheck.clockTolerance) } ?? false
    }
}
