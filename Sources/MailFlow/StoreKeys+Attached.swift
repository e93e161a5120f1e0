public import CMS
import KeyStore
public import MIME
public import OpenPGP
import ProtectedMail

/// Keys that users left open for their own mail, by a token that they attached to a session for minutes or until it ends.
extension StoreKeys {
    public func attachedSigningKey(of user: EmailAddress, at time: Timestamp) throws -> SigningKey? {
        guard let account = try store.account(for: user),
            let secrets = try attachedSecrets(of: account.id, "PGP", time),
            let key = try store.currentRing(of: account.id)?.secret()
        else { return nil }
        do {
            return try key.unlocked(with: secrets).signingKey(at: time, policy: policy)
        } catch let error as OpenPGPError
            where [.wrongPassword, .noUsableKey, .secretUnavailable].contains(error.code)
        {
            // The password changed a moment ago, or the key may not sign.
            return nil
        }
    }

    public func openingKeys(of user: EmailAddress, at time: Timestamp) throws -> [DecryptionKey] {
        var keys = try store.decryptionKeys(of: user)
        guard let account = try store.account(for: user),
            let secrets = try attachedSecrets(of: account.id, "PGP", time)
        else { return keys }
        for ring in try store.rings(of: account.id) {
            // A ring that came later, or whose password changed a moment ago, stays locked.
            guard let opened = try? ring.secret()?.unlocked(with: secrets) else { continue }
            keys += opened.decryptionKeys()
        }
        return keys
    }

    public func smimeOpeningKeys(of user: EmailAddress, at time: Timestamp) throws -> [CMSDecryptionKey] {
        var keys = try store.smimeCertificates(for: user).compactMap { known in
            known.privateKey.map { CMSDecryptionKey(certificate: known.certificate, privateKey: $0) }
        }
        guard let account = try store.account(for: user),
            let secrets = try attachedSecrets(of: account.id, "SMIME", time)
        else { return keys }
        for key in try store.smimeKeys(of: account.id) {
            guard let privateKey = try attachedKey(key, of: account.id, secrets) else { continue }
            keys.append(CMSDecryptionKey(certificate: key.certificate, privateKey: privateKey))
        }
        return keys
    }

    public func attachedSMIMESigner(of user: EmailAddress, at time: Timestamp) throws -> SMIMESigner? {
        guard let account = try store.account(for: user), let key = try store.currentSMIMEKey(of: account.id),
            let secrets = try attachedSecrets(of: account.id, "SMIME", time)
        else { return nil }
        let certificate = key.certificate
        guard certificate.notBefore <= time.seconds, time.seconds <= certificate.notAfter,
            let privateKey = try attachedKey(key, of: account.id, secrets)
        else { return nil }
        do {
            return SMIMESigner(
                signer: try CMSSigner(certificate: certificate, privateKey: privateKey),
                chain: key.issuers.filter { !$0.isSelfIssued })
        } catch let error as CMSError where error.code == .unsupported {
            return nil
        }
    }

    /// The private key of a user, opened; nil where the secrets do not open it.
    private func attachedKey(
        _ key: UserSMIMEKey, of account: Int64, _ secrets: UnlockSecrets
    ) throws -> CMSPrivateKey? {
        guard let secret = secrets[try key.certificate.fingerprint] else { return nil }
        let name = UserSMIMEKey.lockName(account: account, fingerprint: try key.certificate.fingerprintHex)
        do {
            return try CMSPrivateKey(PasswordLock.open(key.locked, with: secret, name: name))
        } catch let error as KeyStoreError where error.code == .wrongPassword {
            // The password changed a moment ago.
            return nil
        } catch let error as CMSError where error.code == .unsupported {
            return nil
        }
    }

    private func attachedSecrets(of account: Int64, _ type: String, _ time: Timestamp) throws -> UnlockSecrets? {
        try store.attachedSecrets(account: account, type: type, now: time.seconds)
            .first { $0.ends > time.seconds }.map { try UnlockSecrets(parsing: $0.secrets) }
    }
}
