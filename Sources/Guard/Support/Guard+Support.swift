public import KeyStore
import Libcrypto
public import MIME
import OpenPGP

/// What the support desk does. `actor` is who asked, for the audit log.
extension Guard {
    /// The account that a mailbox, or the numbers of domain and account, name.
    ///
    /// - Throws: `badParameter` where there is none.
    public func supportedAccount(_ address: EmailAddress?, userID: Int64?, contextID: Int64?) throws -> AccountRecord {
        let account = try translating {
            if let address { return try store.account(for: address) }
            return try userID.flatMap { try store.account(id: $0) }
        }
        guard let account, userID == nil || account.id == userID,
            contextID == nil || account.domainID == contextID
        else { throw GuardError(.badParameter, "there is no such account") }
        return account
    }

    /// Deletes all keys of an account. OpenPGP rings stay among the deleted ones, where nobody can use them; keys of
    /// S/MIME are gone for good.
    public func deleteKeys(of account: AccountRecord, actor: String) throws {
        try audited(actor: actor, action: "support.delete", target: account.address.canonical) { line in
            try translating {
                steps?.count(.write)
                try store.changeAccount(account.id, audit: line) { connection in
                    for ring in try store.rings(of: account.id, in: connection) {
                        try store.deleteRing(ring, in: connection)
                    }
                    try deleteCertificateKeys(of: account.id, in: connection)
                    for type in CryptoType.allCases {
                        try store.revokeTokens(account: account.id, type: type.rawValue, in: connection)
                    }
                }
            }
        }
    }

    /// Lets whoever knows the address that is returned download the deleted rings of an account, still locked, for a time.
    ///
    /// - Parameter host: what the desk calls this server.
    /// - Returns: the address, and the Unix second at which it ends.
    /// - Throws: `keyNotFound` where the account has none.
    public func exposeKeys(of account: AccountRecord, host: String, actor: String) throws -> (url: String, ends: Int64)
    {
        try audited(actor: actor, action: "support.expose", target: account.address.canonical) { line in
            try translating {
                let token = try SecureRandom.bytes(32)
                let until = now().seconds + Int64(settings.support.exposureHours) * 3600
                try store.changeAccount(account.id, audit: line) { connection in
                    let count = try store.exposeDeletedRings(
                        of: account.id, exposure: Self.digest(token), until: until, in: connection)
                    guard count > 0 else { throw GuardError(.keyNotFound, "the account has no deleted keys") }
                }
                let base = settings.support.publicURL ?? "https://\(host)"
                return ("\(base)/guardsupport/exposed/\(HexText.encode(token))", until)
            }
        }
    }

    /// The deleted rings behind an address of ``exposeKeys(of:host:actor:)``, armored; nil for one that is unknown or over.
    ///
    /// The store's own lock (Argon2id, AEAD) is one that much software cannot open yet. With the password, keys that it
    /// opens come under the older lock, as downloads of keys in use do; others stay as they are. Slow then.
    ///
    /// - Throws: `badPassword` where the password opens none of the keys, `lockedOut`.
    public func exposedKeys(_ token: String, password: SecretBytes? = nil) throws -> [UInt8]? {
        try translating {
            let exposure = try Self.digest(HexText.decode(token) ?? [])
            steps?.count(.read)
            let rings = try store.exposedRings(exposure, now: now().seconds)
            guard !rings.isEmpty else { return nil }
            let opened = try password.map { try readable(rings.map(\.locked), $0, exposure) } ?? [:]
            return rings.enumerated().flatMap { index, ring in
                opened[index] ?? ring.locked.map { Armor.encode($0, kind: .privateKey) }
                    ?? Armor.encode(ring.certificate, kind: .publicKey)
            }
        }
    }

    /// The private keys that a password opens, armored, by their place.
    private func readable(_ locked: [[UInt8]?], _ password: SecretBytes, _ exposure: [UInt8]) throws -> [Int: [UInt8]] {
        // Whoever has the address can guess at home; here guesses only must not keep the machine busy.
        let guess = try GuessSubject.name(HexText.encode(exposure), kind: "exposed")
        try countGuess(guess)
        var opened: [Int: [UInt8]] = [:]
        for (index, bytes) in locked.enumerated() {
            guard let secret = try bytes.map({ try SecretCertificate(parsing: $0) }) else { continue }
            steps?.count(.passwordHash)
            do {
                let secrets = try secret.unlockSecrets(password: password)
                opened[index] = try Self.armored(secret.unlocked(with: secrets), password: password)
            } catch let error as OpenPGPError where error.code == .wrongPassword {
                // A ring from before the password was changed.
                continue
            }
        }
        guard !opened.isEmpty || locked.allSatisfy({ $0 == nil }) else {
            throw GuardError(.badPassword, "the password opens none of the keys")
        }
        try forgetGuesses(guess)
        return opened
    }

    /// Takes the PIN off a guest who lost it.
    ///
    /// - Throws: `guestRefused` where the account is no guest's.
    public func removePIN(of account: AccountRecord, actor: String) throws {
        try audited(actor: actor, action: "support.pin", target: account.address.canonical) { line in
            let isDone = try translating {
                try account.isGuest && store.setGuestPIN(nil, account: account.id, audit: line)
            }
            guard isDone else { throw GuardError(.guestRefused, "the account is no guest's") }
        }
    }

    /// Gives an account a new password for its current key, by mail.
    ///
    /// - Parameter fallback: where the mail goes when the account has no secondary address; nil for the mailbox itself.
    public func resetPassword(
        of account: AccountRecord, _ type: CryptoType, fallback: EmailAddress?, language: String, actor: String
    ) throws {
        try audited(actor: actor, action: "support.reset", target: account.address.canonical) { line in
            try resetPassword(
                of: account, type, to: account.secondary ?? fallback ?? account.address, language: language, audit: line
            )
        }
    }

    /// Turns a guest into a user, or hands what a guest has to one: rings, and messages that still wait.
    ///
    /// - Parameter user: nil, or the guest's own account, makes that account a user's.
    /// - Throws: `guestRefused` where the first is no guest's, `badParameter` where the second is one.
    public func upgradeGuest(_ guest: AccountRecord, to user: AccountRecord?, actor: String) throws {
        try audited(actor: actor, action: "support.upgrade", target: guest.address.canonical) { line in
            guard guest.isGuest else { throw GuardError(.guestRefused, "the account is no guest's") }
            try translating {
                if let user, user.id != guest.id {
                    try move(from: guest, to: user, audit: line)
                } else {
                    try store.changeAccount(guest.id, audit: line) { try KeyStore.makeUser(of: guest.id, in: $0) }
                }
            }
        }
    }

    private func move(
        from guest: AccountRecord, to user: AccountRecord, audit line: KeyStore.AuditRecord
    ) throws {
        guard !user.isGuest else { throw GuardError(.badParameter, "that account is a guest's too") }
        let waiting = try store.guestMessages(account: guest.id, now: now().seconds)
        if !waiting.isEmpty {
            guard let ring = try store.currentRing(of: user.id) else {
                throw GuardError(.privateKeyMissing, "messages wait for the guest, and the user has no key yet")
            }
            for message in waiting { try release(message, to: user, ring.certificate) }
        }
        // Both accounts are locked in the order of their numbers, so that two moves cannot wait for each other.
        let (first, second) = (min(guest.id, user.id), max(guest.id, user.id))
        try store.changeAccount(first, audit: line) { connection in
            try connection.lockAccount(second)
            let hasRing = try !store.rings(of: user.id, in: connection).isEmpty
            for ring in try store.rings(of: guest.id, in: connection) {
                // What opens it without its password is bound to its account.
                let fingerprint = ring.certificate.fingerprint.hex
                var recovery: RecoveryRecord?
                if let old = ring.recovery, !old.isEmpty, !RecoveryRecord.isOffline(old) {
                    let secret = try store.openRecovery(old, .ring, account: guest.id, fingerprint: fingerprint)
                    let (master, sealed) = try store.sealRecovery(
                        secret, .ring, account: user.id, fingerprint: fingerprint, in: connection)
                    recovery = RecoveryRecord(bytes: sealed, master: master)
                } else if let old = ring.recovery {
                    recovery = RecoveryRecord(bytes: old, master: nil)
                }
                try store.addRing(
                    NewRing(
                        certificate: ring.certificate, locked: ring.locked, recovery: recovery?.bytes,
                        recoveryMaster: recovery?.master),
                    account: user.id, address: user.address, isCurrent: ring.isCurrent && !hasRing, in: connection)
                try store.removeRing(ring, in: connection)
            }
            try KeyStore.close(account: guest.id, now: now().seconds, in: connection)
            try store.revokeTokens(account: guest.id, type: CryptoType.pgp.rawValue, in: connection)
        }
    }
}
