import KeyStore
import MIME
import MailFlow
import OpenPGP
import ProtectedMail

/// The key store, as a session asks it.
struct StoreKeys: KeyDirectory {
    private let store: KeyStore
    private let policy: AlgorithmPolicy

    init(_ store: KeyStore, policy: AlgorithmPolicy) {
        self.store = store
        self.policy = policy
    }

    func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate] { try store.certificates(for: issuers) }

    func decryptionKeys(for recipients: [KeyID]) throws -> [DecryptionKey] { try store.decryptionKeys(for: recipients) }

    func encryptionCertificates(for address: EmailAddress, at time: Timestamp) throws -> [KnownCertificate] {
        try store.encryptionCertificates(for: address, at: time, policy: policy)
    }

    func signingKey(for address: EmailAddress, at time: Timestamp) throws -> SigningKey? {
        do {
            return try store.ownSecret(for: address, at: time, policy: policy)?.signingKey(at: time, policy: policy)
        } catch let error as OpenPGPError where error.code == .noUsableKey || error.code == .secretUnavailable {
            // Expired, revoked, or only there to decrypt: the same as none.
            return nil
        }
    }
}
