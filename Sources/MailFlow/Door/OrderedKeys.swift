import CMS
import MIME
import OpenPGP
import ProtectedMail

/// A key directory with the keys that an order brings along in the place of the sender's.
struct OrderedKeys: KeyDirectory {
    let base: any KeyDirectory
    let order: ProtectionOrder

    func signingKey(for address: EmailAddress, at time: Timestamp) throws -> SigningKey? {
        try address == order.sender && hasOwn ? order.signingKey : base.signingKey(for: address, at: time)
    }

    func smimeSigner(for address: EmailAddress, at time: Timestamp) throws -> SMIMESigner? {
        try address == order.sender && hasOwn ? order.smimeSigner : base.smimeSigner(for: address, at: time)
    }

    /// Whoever brings a key of one kind wants no other key to sign.
    private var hasOwn: Bool { order.signingKey != nil || order.smimeSigner != nil }

    func encryptionCertificates(for address: EmailAddress, at time: Timestamp) throws -> [KnownCertificate] {
        try base.encryptionCertificates(for: address, at: time)
    }

    func keptCertificates(
        for address: EmailAddress, by user: EmailAddress, at time: Timestamp
    ) throws -> [KnownCertificate] {
        try base.keptCertificates(for: address, by: user, at: time)
    }

    func keptCertificates(for issuers: [IssuerHint], by user: EmailAddress) throws -> [KnownCertificate] {
        try base.keptCertificates(for: issuers, by: user)
    }

    func smimeRecipients(for address: EmailAddress, at time: Timestamp) throws -> [SMIMERecipient] {
        try base.smimeRecipients(for: address, at: time)
    }

    func smimeRecipients(
        keptBy user: EmailAddress, for address: EmailAddress, at time: Timestamp
    ) throws -> [SMIMERecipient] {
        try base.smimeRecipients(keptBy: user, for: address, at: time)
    }

    func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate] { try base.certificates(for: issuers) }

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
