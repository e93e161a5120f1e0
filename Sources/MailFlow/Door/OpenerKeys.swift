import CMS
import MIME
import OpenPGP
import ProtectedMail

/// The keys that may open mail for one reader: theirs alone. Whoever got hold of a message for somebody else could send it
/// to a mailbox of their own, and would read it there if any key of the gateway opened it.
struct OpenerKeys: CertificateSource {
    let base: any CertificateSource
    let directory: any KeyDirectory
    let reader: EmailAddress
    let time: Timestamp

    func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate] { try base.certificates(for: issuers) }

    func decryptionKeys(for recipients: [KeyID]) throws -> [DecryptionKey] {
        try directory.openingKeys(of: reader, at: time).filter {
            recipients.contains($0.publicKey.keyID) || recipients.contains(.wildcard)
        }
    }

    func smimeTrust() throws -> SMIMETrust? { try base.smimeTrust() }

    func smimeCertificates(for identifiers: [CertificateIdentifier]) throws -> [X509Certificate] {
        try base.smimeCertificates(for: identifiers)
    }

    func smimeKeys(for recipients: [CertificateIdentifier]) throws -> [CMSDecryptionKey] {
        try directory.smimeOpeningKeys(of: reader, at: time)
    }
}
