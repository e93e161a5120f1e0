import CMS
import ProtectedMail

/// Whether certificates are worth anything.
struct CertificateJudge {
    /// nil: no authority is trusted.
    let trust: SMIMETrust?
    let now: Int64

    /// Whether a chain leads to a trusted authority, for signing or for encryption. Of a certificate that has expired:
    /// whether one did as long as it was valid, because old mail is read with old keys.
    func isVouchedFor(_ certificate: X509Certificate, issuers: [X509Certificate]) -> Bool {
        guard let trust else { return false }
        let moment = min(now, certificate.notAfter)
        return [ChainPurpose.signing, .encryption].contains { purpose in
            ChainValidator.validate(
                certificate, intermediates: issuers, store: trust.store, crls: trust.lists, now: moment,
                purpose: purpose, policy: trust.policy
            ).isValid
        }
    }

    /// Whether nothing but the missing authority speaks against it.
    func isInOrder(_ certificate: X509Certificate) -> Bool {
        guard let alone = try? TrustStore([certificate], trustsIntermediates: true) else { return false }
        let moment = min(now, certificate.notAfter)
        return [ChainPurpose.signing, .encryption].contains { purpose in
            ChainValidator.validate(
                certificate, store: alone, now: moment, purpose: purpose, policy: ChainPolicy(revocation: .off)
            ).isValid
        }
    }
}
