import KeyStore
public import Libcrypto
public import MIME
import OpenPGP

extension Guard {
    /// Gives a guest a new ring, which becomes the current one, and uses the link up, in one transaction. Then what waited
    /// is sent.
    ///
    /// - Parameters:
    ///   - answer: what a reset will ask for; nil leaves that as it is.
    ///   - line: of the audit log, kept with the change.
    /// - Returns: see ``guestToken(_:_:)``.
    func openGuest(
        _ account: AccountRecord, link: [UInt8], password: SecretBytes, answer: KeyStore.SaltedDigest? = nil,
        audit line: KeyStore.AuditRecord
    ) throws -> SecretBytes {
        try translating {
            let userID = try Self.userID(name: "", address: account.address.canonical)
            let secret = try SecretCertificate.generate(
                profile: settings.keys.profile, userIDs: [userID], at: now(), expiration: nil)
            steps?.count(.passwordHash)
            let relocked = try LockedRing.lock(secret, password: password)
            steps?.count(.write)
            try store.changeAccount(account.id, audit: line) { connection in
                let isOpen = try KeyStore.activateGuest(account.id, link: link, now: now().seconds, in: connection)
                guard isOpen else { throw Self.guestRefusal }
                let recovery = try recoveryRecord(
                    for: relocked.secrets, of: account.id, .pgp, fingerprintHex: secret.fingerprint.hex, in: connection)
                try store.addRing(
                    NewRing(
                        certificate: secret.certificate, locked: relocked.locked, recovery: recovery?.bytes,
                        recoveryMaster: recovery?.master),
                    account: account.id, address: account.address, isCurrent: true, in: connection)
                if let answer { try KeyStore.setGuestAnswer(answer, account: account.id, in: connection) }
                try store.revokeTokens(account: account.id, type: CryptoType.pgp.rawValue, in: connection)
            }
            releaseMessages(to: account, secret.certificate)
            return try guestToken(account, relocked.secrets)
        }
    }

    /// A token in a session of the guest's own: both in one text, with a dot between them, because guests have no session
    /// of a webmail.
    func guestToken(_ account: AccountRecord, _ secrets: UnlockSecrets) throws -> SecretBytes {
        let session = try openSession(for: account.address, .trusted(name: "guest"))
        let token = try issueToken(secrets, to: session.caller, .pgp)
        return session.identifier.withBytes { first in
            token.text.withBytes { second in
                SecretBytes(count: first.count + 1 + second.count) { text in
                    for index in first.indices { text[index] = first[index] }
                    text[first.count] = 0x2E
                    for index in second.indices { text[first.count + 1 + index] = second[index] }
                }
            }
        }
    }

    /// The guest that such a text stands for; the token in it has to count.
    ///
    /// - Throws: `sessionInvalid`, `tokenInvalid`.
    func guest(showing text: SecretBytes, peer: String) throws -> Caller {
        let parts = text.withBytes { bytes -> (SecretBytes, SecretBytes)? in
            guard let dot = bytes.indices.first(where: { bytes[$0] == 0x2E }) else { return nil }
            return (
                SecretBytes(copying: bytes.extracting(0..<dot)),
                SecretBytes(copying: bytes.extracting((dot + 1)..<bytes.count))
            )
        }
        guard let (identifier, token) = parts else { throw GuardError(.tokenInvalid, "the token does not count") }
        let caller = try caller(session: identifier, peer: peer)
        guard caller.account.isGuest else { throw GuardError(.tokenInvalid, "the token does not count") }
        _ = try unlock(token: token, for: caller, .pgp)
        return caller
    }

    // MARK: Logging in

    /// Logs a guest in. What still waits is sent then.
    ///
    /// - Throws: `badPassword`, `lockedOut`, for people who are no guests too; `guestsNotAllowed`.
    public func loginGuest(_ address: EmailAddress, password: SecretBytes) throws -> SecretBytes {
        try guestsMustBeAllowed()
        return try translating {
            let account = try store.account(for: address).flatMap { $0.isGuest ? $0 : nil }
            guard let account, let key = try lockedKey(of: account, .pgp) else {
                try refusePassword(ofNobody: address.canonical, .pgp, password)
            }
            let secrets = try verifyPassword(of: key, account, .pgp, password)
            if let ring = try store.currentRing(of: account.id) {
                ports.later { [self] in releaseMessages(to: account, ring.certificate) }
            }
            return try guestToken(account, secrets)
        }
    }

    /// Whether a guest who has forgotten the password can begin anew: the same for everybody.
    public var guestsCanReset: Bool { settings.guests.areAllowed && settings.guests.resetPage != nil }

    /// Puts a guest's key under another password.
    ///
    /// - Parameters:
    ///   - auth: from ``loginGuest(_:password:)`` or the like.
    ///   - peer: who asks, for the limit on guesses.
    /// - Returns: a new one.
    public func changeGuestPassword(
        auth: SecretBytes, from old: SecretBytes, to new: SecretBytes, peer: String
    ) throws -> SecretBytes {
        let caller = try guest(showing: auth, peer: peer)
        _ = try changePassword(caller, .pgp, from: old, to: new)
        return try translating { try guestToken(caller.account, verifyPassword(caller.account, .pgp, new)) }
    }
}
