import KeyStore
import Libcrypto
import OpenPGP

/// What opens a key without its password, as the store keeps it: sealed under the master key, or where the settings name a
/// certificate encrypted to that and to nothing else. The first is a sealed record, which begins with its version, 1; the
/// second an OpenPGP message, whose first octet has its top bit set.
struct RecoveryRecord: Sendable {
    var bytes: [UInt8]
    /// The master key that it is sealed under.
    var master: String?

    static func isOffline(_ bytes: [UInt8]) -> Bool { (bytes.first ?? 0) & 0x80 != 0 }
}

extension CryptoType {
    var recoveryTable: KeyStore.RecoveryTable { self == .pgp ? .ring : .smimeKey }
}

extension Guard {
    /// What to keep for the day on which the password of a key is lost, within a change of its account.
    ///
    /// - Parameter previous: what was kept till now: once its owner has deleted it, it does not come back.
    /// - Returns: nil where nothing is to be kept.
    func recoveryRecord(
        for secrets: UnlockSecrets, of account: Int64, _ type: CryptoType, fingerprintHex: String,
        previous: [UInt8]? = nil, in connection: any StoreConnection
    ) throws -> RecoveryRecord? {
        if previous?.isEmpty == true { return RecoveryRecord(bytes: [], master: nil) }
        guard settings.recovery.isOffered else { return nil }
        let secret = try secrets.serialized()
        if let certificate = settings.recovery.offline {
            return RecoveryRecord(bytes: try encrypt(secret, to: certificate), master: nil)
        }
        let (master, sealed) = try store.sealRecovery(
            secret, type.recoveryTable, account: account, fingerprint: fingerprintHex, in: connection)
        return RecoveryRecord(bytes: sealed, master: master)
    }

    /// Whether a lost password of that key can be replaced without an administrator.
    func canRecover(_ key: any LockedKey) -> Bool {
        guard settings.recovery.isOffered, let recovery = key.recovery, !recovery.isEmpty else { return false }
        return !RecoveryRecord.isOffline(recovery)
    }

    /// What recovery material opens.
    ///
    /// - Parameter opened: the content of material that only an administrator can decrypt.
    /// - Throws: `recoveryDisabled`, `noRecoveryMaterial`.
    func recover(
        _ key: any LockedKey, of account: Int64, _ type: CryptoType, opened: SecretBytes? = nil
    ) throws -> UnlockSecrets {
        guard settings.recovery.isOffered else { throw GuardError(.recoveryDisabled, "passwords cannot be reset here") }
        guard let recovery = key.recovery, !recovery.isEmpty else {
            throw GuardError(.noRecoveryMaterial, "nothing is kept that could open the key")
        }
        if RecoveryRecord.isOffline(recovery) {
            guard let opened else {
                throw GuardError(.noRecoveryMaterial, "what could open the key is with the administrator")
            }
            return try UnlockSecrets(parsing: opened)
        }
        steps?.count(.seal)
        return try UnlockSecrets(
            parsing: store.openRecovery(recovery, type.recoveryTable, account: account, fingerprint: key.fingerprintHex)
        )
    }

    private func encrypt(_ secret: SecretBytes, to certificate: Certificate) throws -> [UInt8] {
        let now = now()
        guard let key = certificate.encryptionKeys(at: now, policy: settings.algorithms).first else {
            throw GuardError(.internalFailure, "the certificate for recovery cannot encrypt now")
        }
        var options = EncryptionOptions()
        options.armor = false
        let encryptor = try MessageEncryptor(
            recipients: [EncryptionRecipient(key: key)], options: options, time: now)
        var message: [UInt8] = []
        try secret.withBytes { try encryptor.push($0, into: &message) }
        try encryptor.finish(into: &message)
        return message
    }
}
