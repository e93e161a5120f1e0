public import CMS
public import MIME
public import OpenPGP
public import ProtectedMail

/// What a session asks of whoever keeps the keys. Any error thrown here defers the message (451 4.3.0); "not found" is
/// an empty answer, never an error.
public protocol KeyDirectory: CertificateSource {
    /// All certificates known for an address, whatever they are good for; the session picks.
    func encryptionCertificates(for address: EmailAddress, at time: Timestamp) throws -> [KnownCertificate]
    /// Further certificates for an address, which count for mail that one of our users sends: those that they keep, and
    /// those that others of their domain share.
    func keptCertificates(
        for address: EmailAddress, by user: EmailAddress, at time: Timestamp
    ) throws -> [KnownCertificate]
    /// Further certificates to check signatures with, in mail that one of our users alone gets.
    func keptCertificates(for issuers: [IssuerHint], by user: EmailAddress) throws -> [KnownCertificate]
    /// The key that signs for an address; nil when there is none that is valid at `time`.
    func signingKey(for address: EmailAddress, at time: Timestamp) throws -> SigningKey?
    /// The key that a user left open for their own mail, by a token that they attached to a session and that counts at
    /// `time`.
    func attachedSigningKey(of user: EmailAddress, at time: Timestamp) throws -> SigningKey?
    /// The same with S/MIME.
    func attachedSMIMESigner(of user: EmailAddress, at time: Timestamp) throws -> SMIMESigner?
    /// What opens mail for one of our users: the gateway's keys for their address, and those that they left open.
    func openingKeys(of user: EmailAddress, at time: Timestamp) throws -> [DecryptionKey]
    /// The same with S/MIME.
    func smimeOpeningKeys(of user: EmailAddress, at time: Timestamp) throws -> [CMSDecryptionKey]
    /// Whom S/MIME mail to an address is encrypted to: certificates for exactly this address that may encrypt at `time`
    /// and that a chain or an administrator vouches for, best first.
    func smimeRecipients(for address: EmailAddress, at time: Timestamp) throws -> [SMIMERecipient]
    /// The same of what one of our users keeps for their own mail alone.
    func smimeRecipients(keptBy user: EmailAddress, for address: EmailAddress, at time: Timestamp) throws
        -> [SMIMERecipient]
    /// Who signs for an address with S/MIME; nil where there is nobody at `time`.
    func smimeSigner(for address: EmailAddress, at time: Timestamp) throws -> SMIMESigner?
    /// Keeps the certificate of somebody whose S/MIME mail passed, so that they can be answered encrypted. Best effort: a
    /// failure is nobody's mail.
    ///
    /// - Parameter capabilities: what they said that they can read.
    func harvest(_ certificate: X509Certificate, capabilities: SMIMECapabilities?)
    /// Runs `body`, whose questions are about one message: that anything has changed since the first of them may be seen or
    /// not.
    func forOneMessage<R>(_ body: () throws -> R) rethrows -> R
}

/// A certificate with its key, and the certificates that lead from it to its authority.
public struct SMIMESigner: Sendable {
    public var signer: CMSSigner
    public var chain: [X509Certificate]

    public init(signer: CMSSigner, chain: [X509Certificate] = []) {
        self.signer = signer
        self.chain = chain
    }
}

extension KeyDirectory {
    public func forOneMessage<R>(_ body: () throws -> R) rethrows -> R { try body() }

    /// A directory in which users keep nothing.
    public func keptCertificates(
        for address: EmailAddress, by user: EmailAddress, at time: Timestamp
    ) throws -> [KnownCertificate] { [] }

    /// A directory in which users keep nothing.
    public func keptCertificates(for issuers: [IssuerHint], by user: EmailAddress) throws -> [KnownCertificate] { [] }

    /// A directory without keys of users.
    public func attachedSigningKey(of user: EmailAddress, at time: Timestamp) throws -> SigningKey? { nil }

    /// A directory without keys of users.
    public func attachedSMIMESigner(of user: EmailAddress, at time: Timestamp) throws -> SMIMESigner? { nil }

    /// A directory without keys of users.
    public func openingKeys(of user: EmailAddress, at time: Timestamp) throws -> [DecryptionKey] { [] }

    /// A directory without keys of users.
    public func smimeOpeningKeys(of user: EmailAddress, at time: Timestamp) throws -> [CMSDecryptionKey] { [] }

    /// A directory without S/MIME.
    public func smimeRecipients(for address: EmailAddress, at time: Timestamp) throws -> [SMIMERecipient] { [] }

    /// A directory without keys of users.
    public func smimeRecipients(
        keptBy user: EmailAddress, for address: EmailAddress, at time: Timestamp
    ) throws -> [SMIMERecipient] { [] }

    /// A directory that keeps nothing.
    public func harvest(_ certificate: X509Certificate, capabilities: SMIMECapabilities?) {}

    /// A directory without S/MIME.
    public func smimeSigner(for address: EmailAddress, at time: Timestamp) throws -> SMIMESigner? { nil }
}
