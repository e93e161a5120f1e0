import CMS
import KeyStore
public import MIME
import OpenPGP

extension Guard {
    /// The certificate that mail of the caller to an address would be encrypted to: that of our own user, one that the
    /// caller uploaded, one that is known from signed mail or was taken in by an administrator.
    ///
    /// - Throws: `certificateNotFound`.
    public func recipientCertificate(_ caller: Caller, for address: EmailAddress) throws -> RecipientCertificate {
        try translating {
            steps?.count(.read)
            let judge = CertificateJudge(trust: ports.smimeTrust, now: now().seconds)
            let time = now().seconds
            func isValid(_ certificate: X509Certificate) -> Bool {
                certificate.notBefore <= time && time <= certificate.notAfter
            }
            func found(
                _ certificate: X509Certificate, _ issuers: [X509Certificate], _ source: RecipientCertificate.Source
            ) -> RecipientCertificate {
                let level =
                    judge.isVouchedFor(certificate, issuers: issuers)
                    ? settings.certificates.trustedLevel : settings.certificates.untrustedLevel
                return RecipientCertificate(
                    info: CertificateInfo(certificate, for: address, isCurrent: source == .local, now: time),
                    source: source, trustLevel: level, isTrusted: level >= settings.certificates.threshold)
            }
            if let own = try store.ownSMIMECertificates(for: address).first {
                return found(own.certificate, try store.smimeIssuers(of: own.certificate), .local)
            }
            let uploaded = try store.recipientCertificates(for: address, of: caller.account.id)
            if let best = uploaded.first(where: { isValid($0.certificate) }) ?? uploaded.first {
                return found(best.certificate, best.issuers, .uploaded)
            }
            let known = try store.smimeCertificates(for: address).map(\.certificate)
            let candidates = try known.map { found($0, try store.smimeIssuers(of: $0), .known) }
            if let best = candidates.first(where: { !$0.info.expired && $0.isTrusted })
                ?? candidates.first(where: { !$0.info.expired }) ?? candidates.first
            {
                return best
            }
            throw GuardError(.certificateNotFound, "no certificate is known for the address")
        }
    }
}
