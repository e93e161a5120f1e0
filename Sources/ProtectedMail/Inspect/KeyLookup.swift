import CMS
import OpenPGP

/// Asks the certificate source on behalf of the verifiers and remembers what it said of each certificate.
final class KeyLookup {
    /// Why the source failed, if it did: no verdict may then be better than `temperror`.
    private(set) var failure: (any Error)?
    private let source: any CertificateSource
    private var provenances: [Fingerprint: Provenance] = [:]

    init(source: any CertificateSource) { self.source = source }

    /// The certificates for these hints; none after a failure.
    func certificates(for issuers: [IssuerHint]) -> [Certificate] {
        do {
            let known = try source.certificates(for: issuers)
            for item in known {
                let fingerprint = item.certificate.fingerprint
                // Of two sources for one key the stronger one counts.
                if let other = provenances[fingerprint], other.bindsAddress, !item.provenance.bindsAddress { continue }
                provenances[fingerprint] = item.provenance
            }
            return known.map(\.certificate)
        } catch {
            failure = failure ?? error
            return []
        }
    }

    /// The decryption keys for these recipients; none after a failure.
    func decryptionKeys(for recipients: [KeyID]) -> [DecryptionKey] {
        asking { try source.decryptionKeys(for: recipients) } ?? []
    }

    /// What S/MIME signers are judged by; nil after a failure.
    func smimeTrust() -> SMIMETrust? { asking { try source.smimeTrust() } ?? nil }

    /// Known certificates of these signers; none after a failure.
    func smimeCertificates(for identifiers: [CertificateIdentifier]) -> [X509Certificate] {
        asking { try source.smimeCertificates(for: identifiers) } ?? []
    }

    /// The keys of these recipients; none after a failure.
    func smimeKeys(for recipients: [CertificateIdentifier]) -> [CMSDecryptionKey] {
        asking { try source.smimeKeys(for: recipients) } ?? []
    }

    private func asking<T>(_ question: () throws -> T) -> T? {
        do {
            return try question()
        } catch {
            failure = failure ?? error
            return nil
        }
    }

    /// Where this certificate came from.
    func provenance(of fingerprint: Fingerprint) -> Provenance? { provenances[fingerprint] }
}
