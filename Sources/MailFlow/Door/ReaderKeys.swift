import CMS
import MIME
import OpenPGP
import ProtectedMail

/// Where certificates come from for mail that one of our users alone reads: from everybody's, and from what they keep.
struct ReaderKeys: CertificateSource {
    let base: any KeyDirectory
    let reader: EmailAddress

    func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate] {
        let known = try base.certificates(for: issuers)
        let fingerprints = Set(known.filter { $0.provenance.bindsAddress }.map(\.certificate.fingerprint))
        // The same certificate once, in the stronger form.
        let kept = try base.keptCertificates(for: issuers, by: reader).filter { kept in
            !fingerprints.contains(kept.certificate.fingerprint)
                && (kept.provenance.bindsAddress
                    || !known.contains { $0.certificate.fingerprint == kept.certificate.fingerprint })
        }
        let replaced = Set(kept.map(\.certificate.fingerprint))
        return known.filter { !replaced.contains($0.certificate.fingerprint) } + kept
    }

    func decryptionKeys(for recipients: [KeyID]) throws -> [DecryptionKey] {
        try base.decryptionKeys(for: recipients)
    }

    func smimeTrust() throws -> SMIMETrust? { try base.smimeTrust() }

    func smimeCertificates(for identifiers: [CertificateIdentifier]) throws -> [X509Certificate] {
        try base.smimeCertificates(for: identifiers)
    }

    func smimeKeys(for recipients: [CertificateIdentifier]) throws -> [CMSDecryptionKey] {
        try base.smimeKeys(for: recipients)
    }
}
