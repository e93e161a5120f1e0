import CMS
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

    public func attachedSMIMESigner(of user: EmailAddress, at time: Timestamp) throws -> SMIMESigner? {
        guard let account = try store.account(for: user), let key = try store.currentSMIMEKey(of: account.id),
            let secrets = try attachedSecrets(of: account.id, "SMIME", time)
        else { return nil }
        let certificate = key.certificate
        guard certificate.notBefore <= time.seconds, time.seconds <= certificate.notAfter,
            let secret = secrets[try certificate.fingerprint]
        else { return nil }
        let name = UserSMIMEKey.lockName(account: account.id, fingerprint: try certificate.fingerprintHex)
        do {
            let privateKey = try CMSPrivateKey(PasswordLock.open(key.locked, with: secret, name: name))
            return SMIMESigner(
                signer: try CMSSigner(certificate: certificate, privateKey: privateKey),
                chain: key.issuers.filter { !$0.isSelfIssued })
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
