public import MIME
public import OpenPGP
public import ProtectedMail

/// What a session asks of whoever keeps the keys. Any error thrown here defers the message (451 4.3.0); "not found" is
/// an empty answer, never an error.
public protocol KeyDirectory: CertificateSource {
    /// All certificates known for an address, whatever they are good for; the session picks.
    func encryptionCertificates(for address: EmailAddress, at time: Timestamp) throws -> [KnownCertificate]
    /// The key that signs for an address; nil when there is none that is valid at `time`.
    func signingKey(for address: EmailAddress, at time: Timestamp) throws -> SigningKey?
}
