import CMS
import Libcrypto
import MIME
import OpenPGP
import ProtectedMail

/// Keys from files named on the command line, all of them trusted as if the administrator had imported them.
struct KeyFiles: CertificateSource {
    let certificates: [Certificate]
    private let decryption: [DecryptionKey]
    private let smime: TrustFiles

    /// Reads the files. Throws `InputError` for a file that cannot be read or holds no key.
    init(_ files: [String], smime: TrustFiles = TrustFiles()) throws {
        self.smime = smime
        var certificates: [Certificate] = []
        var decryption: [DecryptionKey] = []
        for file in files {
            let bytes = try InputFile.read(file)
            guard let found = try? Certificate.parseAll(bytes), !found.certificates.isEmpty else {
                throw InputError("\(file): holds no OpenPGP key")
            }
            certificates += found.certificates
            for secret in (try? SecretCertificate.parseAll(bytes))?.keys ?? [] where !secret.isLocked {
                decryption += secret.decryptionKeys()
            }
        }
        self.certificates = certificates
        self.decryption = decryption
    }

    func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate] {
        certificates.filter { certificate in
            issuers.contains { hint in certificate.allKeys.contains { hint.matches($0.fingerprint) } }
        }.map { KnownCertificate(certificate: $0, provenance: .adminImport) }
    }

    func decryptionKeys(for recipients: [KeyID]) throws -> [DecryptionKey] {
        decryption.filter { recipients.contains($0.publicKey.keyID) || recipients.contains(.wildcard) }
    }

    func smimeTrust() throws -> SMIMETrust? { smime.trust }

    func smimeCertificates(for identifiers: [CertificateIdentifier]) throws -> [X509Certificate] { smime.certificates }

    func smimeKeys(for recipients: [CertificateIdentifier]) throws -> [CMSDecryptionKey] {
        smime.keys.filter { key in recipients.contains { $0.matches(key.certificate) } }
    }

    /// The newest key that encrypts to this address.
    func recipient(for address: EmailAddress, at time: Timestamp) -> EncryptionRecipient? {
        certificates.filter { certificate in
            certificate.validUserIDs(at: time).contains { $0.emailAddress.flatMap { EmailAddress($0) } == address }
        }.compactMap { EncryptionRecipient(of: $0, at: time) }.max { $0.key.creation < $1.key.creation }
    }
}
