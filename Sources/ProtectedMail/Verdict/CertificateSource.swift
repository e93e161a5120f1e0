public import CMS
public import OpenPGP

/// What an inspection asks of whoever keeps the keys.
///
/// An error thrown here makes the verdict `temperror`, never `none` or `pass`.
public protocol CertificateSource: Sendable {
    /// All certificates that have a key one of the hints names, in any order; none when nothing is known.
    func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate]

    /// The decryption keys with one of these key IDs; for a hidden recipient (`KeyID.wildcard`) all that may be tried.
    func decryptionKeys(for recipients: [KeyID]) throws -> [DecryptionKey]

    /// What S/MIME signers are judged by; nil where nothing is configured, and then no certificate is trusted.
    func smimeTrust() throws -> SMIMETrust?

    /// Certificates known beside those that a message brings along; they help to build chains and are not trusted.
    func smimeCertificates(for identifiers: [CertificateIdentifier]) throws -> [X509Certificate]

    /// The keys of those of these recipients whose mail is to be opened.
    func smimeKeys(for recipients: [CertificateIdentifier]) throws -> [CMSDecryptionKey]
}

extension CertificateSource {
    /// A source that decrypts nothing.
    public func decryptionKeys(for recipients: [KeyID]) throws -> [DecryptionKey] { [] }

    /// A source without a trust store.
    public func smimeTrust() throws -> SMIMETrust? { nil }

    /// A source that knows no certificates.
    public func smimeCertificates(for identifiers: [CertificateIdentifier]) throws -> [X509Certificate] { [] }

    /// A source that opens no S/MIME mail.
    public func smimeKeys(for recipients: [CertificateIdentifier]) throws -> [CMSDecryptionKey] { [] }
}
