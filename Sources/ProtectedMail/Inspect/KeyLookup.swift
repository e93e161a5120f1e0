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
        do {
            return try source.decryptionKeys(for: recipients)
        } catch {
            failure = failure ?? error
            return []
        }
    }

    /// Where this certificate came from.
    func provenance(of fingerprint: Fingerprint) -> Provenance? { provenances[fingerprint] }
}
