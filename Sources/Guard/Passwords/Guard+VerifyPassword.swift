public import KeyStore
public import Libcrypto
public import OpenPGP

extension Guard {
    /// What the password of an account opens its current key with.
    ///
    /// Wrong passwords are counted per account and type; too many lock it for a time in which none is tried.
    ///
    /// - Throws: `badPassword`; `lockedOut`, with seconds to wait; `privateKeyMissing` where the account has no key that a
    ///   password opens.
    public func verifyPassword(
        _ account: AccountRecord, _ type: CryptoType, _ password: SecretBytes
    ) throws -> UnlockSecrets {
        try translating {
            steps?.count(.read)
            guard let key = try lockedKey(of: account, type) else {
                throw GuardError(.privateKeyMissing, "there is no private key")
            }
            return try verifyPassword(of: key, account, type, password)
        }
    }

    /// The same for any key of the account.
    func verifyPassword(
        of key: any LockedKey, _ account: AccountRecord, _ type: CryptoType, _ password: SecretBytes
    ) throws -> UnlockSecrets {
        try translating {
            let guess = GuessSubject.account(account, type)
            try countGuess(guess)
            steps?.count(.passwordHash)
            let secrets = try key.unlockSecrets(password: password)
            try forgetGuesses(guess)
            return secrets
        }
    }

    /// Refuses the password of somebody who is not there, at the price and with the words of a wrong one.
    ///
    /// - Parameter name: what was asked for; the same name is locked like an account.
    /// - Throws: `badPassword` or `lockedOut`, always.
    public func refusePassword(ofNobody name: String, _ type: CryptoType, _ password: SecretBytes) throws -> Never {
        try translating {
            steps?.count(.read)
            try countGuess(.name(name, kind: type.rawValue))
            steps?.count(.passwordHash)
            switch type {
            case .pgp:
                // A primary key and a subkey, as they are locked here.
                for _ in 0..<2 { _ = try S2K.freshArgon2().key(from: password, count: 32) }
            case .smime:
                _ = try hash(password, salt: SecureRandom.bytes(16))
            }
        }
        throw GuardError(.badPassword, "the password does not open the key")
    }

    /// A key of 32 octets from a password, by Argon2id. Slow on purpose.
    public func hash(_ password: SecretBytes, salt: [UInt8]) throws -> SecretBytes {
        let cost = settings.passwords.argon2
        return try translating {
            try Argon2.id(
                password: password, salt: salt, passes: cost.passes, parallelism: cost.lanes, memoryKiB: cost.memoryKiB,
                count: 32)
        }
    }
}
