public import KeyStore
public import Libcrypto
public import OpenPGP

/// Users' own OpenPGP rings.
extension Guard {
    /// Whether the caller has certificates, and private keys.
    public func keyPresence(_ caller: Caller) throws -> (hasPublic: Bool, hasPrivate: Bool) {
        let rings = try rings(of: caller)
        return (!rings.isEmpty, rings.contains { $0.locked != nil })
    }

    /// All rings of the caller, the current one first.
    public func rings(of caller: Caller) throws -> [OwnRing] {
        try translating {
            steps?.count(.read)
            return try store.rings(of: caller.account.id)
        }
    }

    /// The ring with a key of this ID, primary key or subkey; nil for the current one.
    ///
    /// - Throws: `keyNotFound`; for rings of others the same.
    public func ring(_ keyID: KeyID?, of caller: Caller) throws -> OwnRing {
        let rings = try rings(of: caller)
        let found =
            keyID.map { id in rings.first { $0.certificate.allKeys.contains { $0.keyID == id } } }
            ?? rings.first { $0.isCurrent }
        guard let found else { throw GuardError(.keyNotFound, "there is no such ring") }
        return found
    }

    /// Makes a ring for the caller's mailbox, which becomes the current one. Slow.
    ///
    /// - Parameters:
    ///   - name: of the person, for the user ID.
    ///   - recoveryAddress: where a new password goes; nil changes nothing.
    /// - Throws: `passwordPolicy`, `badParameter`.
    public func createRing(
        _ caller: Caller, name: String, password: SecretBytes, recoveryAddress: EmailAddressText? = nil
    ) throws -> OwnRing {
        try audited(actor: caller.actor, action: "key.create", target: caller.account.address.canonical) { line in
            try translating {
                try checkPolicy(password)
                let userID = try Self.userID(name: name, address: caller.account.address.canonical)
                let secondary = try recoveryAddress.map { try $0.parsed() }
                let days = UInt32(clamping: settings.keys.validDays)
                let (seconds, isTooLong) = days.multipliedReportingOverflow(by: 86_400)
                let secret = try SecretCertificate.generate(
                    profile: settings.keys.profile, userIDs: [userID], at: now(),
                    expiration: days == 0 || isTooLong ? nil : seconds)
                let locked = try lock(secret, password: password)
                return try changingRings(of: caller, audit: line) { connection in
                    if let secondary {
                        try store.setSecondary(secondary, account: caller.account.id, in: connection)
                    }
                    return try keep(locked, of: caller.account, in: connection)
                }
            }
        }
    }

    /// An open key, and how it lies in the store.
    struct LockedSecret {
        var secret: SecretCertificate
        var lock: Relocked
    }

    /// Locks an open key under the caller's password. Slow.
    func lock(_ secret: SecretCertificate, password: SecretBytes) throws -> LockedSecret {
        steps?.count(.passwordHash)
        return LockedSecret(secret: secret, lock: try LockedRing.lock(secret, password: password))
    }

    /// One change of the caller's account.
    func changingRings<T>(
        of caller: Caller, audit line: KeyStore.AuditRecord, _ body: (any StoreConnection) throws -> T
    ) throws -> T {
        steps?.count(.write)
        return try store.changeAccount(caller.account.id, audit: line, body)
    }

    /// Makes a locked key the current ring.
    func keep(_ locked: LockedSecret, of account: AccountRecord, in connection: any StoreConnection) throws -> OwnRing {
        let secret = locked.secret
        let fingerprint = secret.fingerprint
        let known = try store.ring(fingerprint, of: account.id, in: connection)
        let recovery = try recoveryRecord(
            for: locked.lock.secrets, of: account.id, .pgp, fingerprintHex: fingerprint.hex,
            previous: known?.recovery, in: connection)
        if let old = try known?.secret(), !old.presentSecrets.isSubset(of: secret.presentSecrets) {
            throw GuardError(
                .keyNotUsable, "the ring that is here has private parts that the new one lacks: delete it first")
        }
        try store.addRing(
            NewRing(
                certificate: secret.certificate, locked: locked.lock.locked, recovery: recovery?.bytes,
                recoveryMaster: recovery?.master),
            account: account.id, address: account.address, isCurrent: true, in: connection)
        if known != nil {
            try store.revokeTokens(account: account.id, type: CryptoType.pgp.rawValue, in: connection)
        }
        return try kept(fingerprint, of: account.id, in: connection)
    }

    func kept(_ fingerprint: Fingerprint, of account: Int64, in connection: any StoreConnection) throws
        -> OwnRing
    {
        guard let ring = try store.ring(fingerprint, of: account, in: connection) else {
            throw GuardError(.internalFailure, "the ring did not stay")
        }
        return ring
    }

    /// Takes a ring out of use. The newest of the others becomes current where it was.
    ///
    /// - Parameter password: needed where the ring has private parts.
    /// - Throws: `keyNotFound`, `deleteForbidden`, `missingParameter`, `badPassword`, `lockedOut`.
    public func deleteRing(_ keyID: KeyID, of caller: Caller, password: SecretBytes?) throws {
        try audited(actor: caller.actor, action: "key.delete", target: keyID.hex) { line in
            try translating {
                let ring = try ring(primary: keyID, of: caller)
                if let locked = try LockedRing(ring) {
                    guard settings.keys.allowsPrivateDeletion else {
                        throw GuardError(.deleteForbidden, "private keys cannot be deleted here, only revoked")
                    }
                    guard let password else {
                        throw GuardError(.missingParameter, "the password is missing", parameters: ["password"])
                    }
                    _ = try verifyPassword(of: locked, caller.account, .pgp, password)
                }
                steps?.count(.write)
                try store.changeAccount(caller.account.id, audit: line) { connection in
                    guard
                        let now = try store.ring(
                            ring.certificate.fingerprint, of: caller.account.id, in: connection), now.id == ring.id
                    else { throw GuardError(.keyNotFound, "there is no such ring") }
                    try store.deleteRing(now, in: connection)
                    try store.revokeTokens(
                        account: caller.account.id, type: CryptoType.pgp.rawValue, in: connection)
                }
            }
        }
    }

    /// Makes a ring the one that others encrypt to.
    ///
    /// - Throws: `keyNotFound`.
    public func setCurrentRing(_ keyID: KeyID, of caller: Caller) throws {
        try audited(actor: caller.actor, action: "key.current", target: keyID.hex) { line in
            try translating {
                let ring = try ring(primary: keyID, of: caller)
                steps?.count(.write)
                try store.changeAccount(caller.account.id, audit: line) { connection in
                    guard try store.setCurrentRing(ring.id, account: caller.account.id, in: connection) else {
                        throw GuardError(.keyNotFound, "there is no such ring")
                    }
                }
            }
        }
    }

    /// The private half of a ring as an armored block under the same password, locked so that others' software opens it.
    /// Slow.
    ///
    /// - Throws: `privateKeyMissing`, `badPassword`, `lockedOut`.
    public func privateBlock(of ring: OwnRing, _ caller: Caller, password: SecretBytes) throws -> [UInt8] {
        try translating {
            guard let locked = try LockedRing(ring) else {
                throw GuardError(.privateKeyMissing, "the ring has no private key")
            }
            let secrets = try verifyPassword(of: locked, caller.account, .pgp, password)
            steps?.count(.passwordHash)
            return try Self.armored(locked.opened(with: secrets), password: password)
        }
    }

    /// An open key, locked so that others' software opens it.
    static func armored(_ secret: SecretCertificate, password: SecretBytes) throws -> [UInt8] {
        // Locked: nothing in it is secret.
        try secret.locked(password: password).armored().withBytes { span in span.indices.map { span[$0] } }
    }

    func ring(primary keyID: KeyID, of caller: Caller) throws -> OwnRing {
        guard let ring = try rings(of: caller).first(where: { $0.certificate.keyID == keyID }) else {
            throw GuardError(.keyNotFound, "there is no such ring")
        }
        return ring
    }

    /// The current ring as the key that a password opens; nil where it has no private parts.
    func currentLockedRing(of account: AccountRecord) throws -> (any LockedKey)? {
        try store.currentRing(of: account.id).flatMap { try LockedRing($0) }
    }

    /// `Name <address>`, as people write it; the address alone where there is no name.
    static func userID(name: String, address: String) throws -> String {
        let name = name.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        let isClean = !name.unicodeScalars.contains {
            $0.properties.generalCategory == .control || "<>\u{2028}\u{2029}".unicodeScalars.contains($0)
        }
        guard isClean, name.utf8.count <= 256 else {
            throw GuardError(.badParameter, "the name has characters that cannot stand there", parameters: ["name"])
        }
        return name.isEmpty ? address : "\(name) <\(address)>"
    }
}
