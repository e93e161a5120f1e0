public import OpenPGP

/// What an inspection asks of whoever keeps the keys.
///
/// An error thrown here makes the verdict `temperror`, never `none` or `pass`.
public protocol CertificateSource: Sendable {
    /// All certificates that have a key one of the hints names, in any order; none when nothing is known.
    func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate]

    /// The decryption keys with one of these key IDs; for a hidden recipient (`KeyID.wildcard`) all that may be tried.
    func decryptionKeys(for recipients: [KeyID]) throws -> [DecryptionKey]
}

extension CertificateSource {
    /// A source that decrypts nothing.
    public func decryptionKeys(for recipients: [KeyID]) throws -> [DecryptionKey] { [] }
}
