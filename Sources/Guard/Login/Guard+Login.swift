import KeyStore
public import Libcrypto
public import MIME
import OpenPGP

extension Guard {
    /// The settings of the caller and, with the password of their current key, a token.
    ///
    /// - Throws: `badPassword`, `lockedOut`. An account without private key is no error, whatever the password.
    public func login(_ caller: Caller, _ type: CryptoType, password: SecretBytes?) throws -> LoginAnswer {
        try translating {
            steps?.count(.read)
            let key = try lockedKey(of: caller.account, type)
            let auth: LoginAnswer.Auth
            if let key, let password {
                let secrets = try verifyPassword(of: key, caller.account, type, password)
                auth = .token(try issueToken(secrets, to: caller, type).text)
            } else {
                auth = key == nil ? .noKey : .passwordNeeded
            }
            return LoginAnswer(
                account: caller.account, serverName: settings.serverName, transportKey: try transportKey(), auth: auth,
                canRecover: key.map(canRecover) ?? false, offersRecovery: settings.recovery.isOffered,
                mayDeletePrivateKeys: settings.keys.allowsPrivateDeletion,
                mayDeleteRecovery: settings.recovery.usersMayDelete,
                minimumPasswordLength: settings.passwords.minimumLength,
                generatedPasswordLength: max(settings.passwords.generatedLength, settings.passwords.minimumLength))
        }
    }

    /// A token for the password of the caller's current key.
    ///
    /// - Parameter minutes: attaches it for so long, see ``AuthToken/minutesValid``; nil attaches nothing.
    /// - Throws: `badPassword`, `lockedOut`, `privateKeyMissing`, `badParameter`.
    public func authenticate(
        _ caller: Caller, _ type: CryptoType, password: SecretBytes, minutes: Int64?
    ) throws -> AuthToken {
        try translating {
            if let minutes { _ = try TokenLife(minutes: minutes) }
            let secrets = try verifyPassword(caller.account, type, password)
            return try issueToken(secrets, to: caller, type, minutes: minutes)
        }
    }

    /// Puts the caller's current key under another password. All tokens of this type end; keys that are not current keep
    /// their password.
    ///
    /// - Returns: a new token.
    /// - Throws: `passwordPolicy`, `badPassword`, `lockedOut`, `privateKeyMissing`, `busy`.
    public func changePassword(
        _ caller: Caller, _ type: CryptoType, from old: SecretBytes, to new: SecretBytes
    ) throws -> AuthToken {
        try checkPolicy(new)
        return try auditing(caller, "password.change \(type.rawValue)") { line in
            try relock(caller.account, type, to: new, audit: line) { key in
                try verifyPassword(of: key, caller.account, type, old)
            } then: { secrets, connection in
                let draft = try draftToken(secrets, to: caller, type, life: nil)
                try store.insertToken(draft.key, draft.record, in: connection)
                return draft.token
            }
        }
    }

    /// Sets where a new password goes when the old one is lost.
    ///
    /// - Throws: `badPassword`, `lockedOut`, `privateKeyMissing`.
    public func changeSecondary(
        _ caller: Caller, _ type: CryptoType, to address: EmailAddress, password: SecretBytes
    ) throws {
        try auditing(caller, "secondary.change \(type.rawValue)") { line in
            guard address.isDomainMapped else { throw GuardError(.badParameter, "the address has no usable domain") }
            _ = try verifyPassword(caller.account, type, password)
            steps?.count(.write)
            try store.setSecondary(address, account: caller.account.id, audit: line)
        }
    }

    /// Where a new password goes; nil where it goes to the mailbox itself.
    public func secondary(_ caller: Caller) throws -> EmailAddress? { caller.account.secondary }

    /// Deletes what could open the caller's current key without its password, for good.
    ///
    /// - Throws: `notAllowed` where users may not; `noRecoveryMaterial`, `badPassword`, `lockedOut`, `privateKeyMissing`.
    public func deleteRecovery(_ caller: Caller, _ type: CryptoType, password: SecretBytes) throws {
        try auditing(caller, "recovery.delete \(type.rawValue)") { line in
            guard settings.recovery.usersMayDelete else {
                throw GuardError(.notAllowed, "recovery material may not be deleted here")
            }
            steps?.count(.read)
            guard let key = try lockedKey(of: caller.account, type) else {
                throw GuardError(.privateKeyMissing, "there is no private key")
            }
            _ = try verifyPassword(of: key, caller.account, type, password)
            guard key.recovery?.isEmpty == false else {
                throw GuardError(.noRecoveryMaterial, "nothing is kept that could open the key")
            }
            steps?.count(.write)
            try store.changeAccount(caller.account.id, audit: line) { connection in
                guard try key.deleteRecovery(in: store, connection) else {
                    throw GuardError(.privateKeyMissing, "the private key is gone")
                }
            }
        }
    }

    // MARK: New locks

    /// Puts the current key of an account under another password, with new recovery material and without old tokens.
    ///
    /// - Parameters:
    ///   - open: what opens the key; slow, and called again where another client was faster.
    ///   - then: within the same transaction.
    func relock<T>(
        _ account: AccountRecord, _ type: CryptoType, to password: SecretBytes, audit line: KeyStore.AuditRecord?,
        open: (any LockedKey) throws -> UnlockSecrets, then: (UnlockSecrets, any StoreConnection) throws -> T
    ) throws -> T {
        for _ in 0..<3 {
            steps?.count(.read)
            guard let key = try lockedKey(of: account, type) else {
                throw GuardError(.privateKeyMissing, "there is no private key")
            }
            let secrets = try open(key)
            steps?.count(.passwordHash)
            let relocked = try key.relocked(with: secrets, password: password)
            if let done = try replace(key, of: account, type, by: relocked, audit: line, then: then) { return done }
        }
        throw GuardError(.busy, "other clients change the key at the same time", retryAfter: 1)
    }

    /// - Returns: nil where the key changed since it was read; then nothing was done.
    func replace<T>(
        _ key: any LockedKey, of account: AccountRecord, _ type: CryptoType, by relocked: Relocked,
        audit line: KeyStore.AuditRecord?, then: (UnlockSecrets, any StoreConnection) throws -> T
    ) throws -> T? {
        steps?.count(.write)
        do {
            return try store.changeAccount(account.id, audit: line) { connection in
                let recovery = try recoveryRecord(
                    for: relocked.secrets, of: account.id, type, fingerprintHex: key.fingerprintHex,
                    previous: key.recovery, in: connection)
                guard try key.replace(by: relocked, recovery: recovery, in: store, connection) else {
                    throw KeyHasChanged()
                }
                try store.revokeTokens(account: account.id, type: type.rawValue, in: connection)
                return try then(relocked.secrets, connection)
            }
        } catch is KeyHasChanged { return nil }
    }

    /// Takes a transaction back.
    private struct KeyHasChanged: Error {}
}
