import CMS
import KeyStore
import Libcrypto
import OpenPGP

/// A user's S/MIME key as a lock that the user's password opens.
struct UserCertificateKey: LockedKey {
    let key: UserSMIMEKey
    let fingerprintHex: String
    private let cost: PasswordLock.Cost
    /// How the part is called among unlock secrets: the fingerprint of the certificate.
    private let name: [UInt8]

    init(_ key: UserSMIMEKey, cost: Argon2Cost) throws {
        self.key = key
        fingerprintHex = try key.certificate.fingerprintHex
        name = try key.certificate.fingerprint
        self.cost = cost.lock
    }

    var recovery: [UInt8]? { key.recovery }

    func unlockSecrets(password: SecretBytes) throws -> UnlockSecrets {
        do {
            return UnlockSecrets(name: name, key: try PasswordLock.key(key.locked, password: password, name: lockName))
        } catch let error as KeyStoreError where error.code == .wrongPassword {
            throw GuardError(.badPassword, "the password does not open the key")
        }
    }

    func relocked(with secrets: UnlockSecrets, password: SecretBytes) throws -> Relocked {
        let lock = try PasswordLock.lock(try octets(secrets), password: password, name: lockName, cost: cost)
        return Relocked(locked: lock.record, secrets: UnlockSecrets(name: name, key: lock.key))
    }

    /// The private key.
    /// - Throws: `badPassword` where the secrets are not this key's.
    func opened(with secrets: UnlockSecrets) throws -> CMSPrivateKey { try CMSPrivateKey(octets(secrets)) }

    private func octets(_ secrets: UnlockSecrets) throws -> SecretBytes {
        let wrong = GuardError(.badPassword, "the secrets do not open the key")
        guard let secret = secrets[name] else { throw wrong }
        do { return try PasswordLock.open(key.locked, with: secret, name: lockName) } catch let error as KeyStoreError
            where error.code == .wrongPassword
        {
            throw wrong
        }
    }

    func replace(
        by relocked: Relocked, recovery: RecoveryRecord?, in store: KeyStore, _ connection: any StoreConnection
    ) throws -> Bool {
        try store.replaceLocked(
            smimeKey: key.id, old: key.locked, locked: relocked.locked, recovery: recovery?.bytes,
            recoveryMaster: recovery?.master, in: connection)
    }

    func deleteRecovery(in store: KeyStore, _ connection: any StoreConnection) throws -> Bool {
        try store.deleteRecovery(smimeKey: key.id, in: connection)
    }

    private var lockName: String { UserSMIMEKey.lockName(account: key.accountID, fingerprint: fingerprintHex) }

    /// Locks a fresh key.
    static func lock(
        _ key: CMSPrivateKey, of certificate: X509Certificate, account: Int64, password: SecretBytes, cost: Argon2Cost
    ) throws -> Relocked {
        let name = UserSMIMEKey.lockName(account: account, fingerprint: try certificate.fingerprintHex)
        let lock = try PasswordLock.lock(key.pkcs8, password: password, name: name, cost: cost.lock)
        return Relocked(
            locked: lock.record, secrets: UnlockSecrets(name: try certificate.fingerprint, key: lock.key))
    }
}

extension Argon2Cost {
    fileprivate var lock: PasswordLock.Cost { .init(passes: passes, lanes: lanes, memoryKiB: memoryKiB) }
}
