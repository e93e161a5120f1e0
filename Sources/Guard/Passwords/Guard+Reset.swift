public import KeyStore
public import Libcrypto

/// A reset that is ready but not done: the new password can be mailed first, so that a mail that does not go out leaves the
/// old password in force.
public struct PreparedReset: Sendable {
    public let account: AccountRecord
    public let type: CryptoType
    /// To be sent to its owner and then forgotten.
    public let password: SecretBytes
    let key: any LockedKey
    let relocked: Relocked
}

extension Guard {
    /// Makes a new password for the current key of an account, from what is kept for that. Changes nothing yet. Slow.
    ///
    /// - Parameter opened: what an administrator decrypted of ``recoveryMessage(of:_:)``; nil everywhere else.
    /// - Throws: `recoveryDisabled`, `noRecoveryMaterial`, `privateKeyMissing`.
    public func prepareReset(
        _ account: AccountRecord, _ type: CryptoType, opened: SecretBytes? = nil
    ) throws -> PreparedReset {
        try translating {
            steps?.count(.read)
            guard let key = try lockedKey(of: account, type) else {
                throw GuardError(.privateKeyMissing, "there is no private key")
            }
            let secrets = try recover(key, of: account.id, type, opened: opened)
            let password = try generatePassword()
            steps?.count(.passwordHash)
            return PreparedReset(
                account: account, type: type, password: password, key: key,
                relocked: try key.relocked(with: secrets, password: password))
        }
    }

    /// Puts the new password in force: all tokens of the type end, and so does a lock of the account.
    ///
    /// - Parameter line: of the audit log, kept with the change.
    /// - Throws: `busy` where the key changed since the reset was prepared.
    public func completeReset(_ reset: PreparedReset, audit line: KeyStore.AuditRecord? = nil) throws {
        try translating {
            let done: Void? = try replace(
                reset.key, of: reset.account, reset.type, by: reset.relocked, audit: line
            ) { _, _ in }
            guard done != nil else {
                throw GuardError(.busy, "another client changed the key at the same time", retryAfter: 1)
            }
            try forgetGuesses(.account(reset.account, reset.type))
        }
    }

    /// What an administrator has to decrypt to open the current key of an account: an OpenPGP message.
    ///
    /// - Throws: `noRecoveryMaterial` where there is none that an administrator keeps the key to.
    public func recoveryMessage(of account: AccountRecord, _ type: CryptoType) throws -> [UInt8] {
        try translating {
            guard let recovery = try lockedKey(of: account, type)?.recovery, RecoveryRecord.isOffline(recovery) else {
                throw GuardError(.noRecoveryMaterial, "nothing is kept that an administrator could open")
            }
            return recovery
        }
    }
}
