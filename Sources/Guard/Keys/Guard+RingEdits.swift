import KeyStore
public import Libcrypto
public import OpenPGP

/// Changes of the caller's rings that their private key has to sign.
extension Guard {
    /// Adds a user ID.
    ///
    /// - Parameter password: nil takes the token that is attached to the session.
    /// - Throws: `keyNotFound`, `privateKeyMissing`, `badPassword`, `lockedOut`, `tokenInvalid`, `badParameter`.
    public func addUserID(
        name: String, address: EmailAddressText, to keyID: KeyID, of caller: Caller, password: SecretBytes?
    ) throws {
        let parsed = try address.parsed()
        let userID = try Self.userID(name: name, address: parsed.canonical)
        try edit(keyID, of: caller, action: "key.adduserid", password: password) { secret in
            do { return try secret.addingUserID(userID, at: now()) } catch let error as OpenPGPError
                where error.code == .invalidArgument
            {
                throw GuardError(.badParameter, "the key has this user ID already", parameters: ["email"])
            }
        }
    }

    /// Revokes a primary key, and with it the whole ring, or one subkey.
    ///
    /// - Parameters:
    ///   - reason: `no_reason`, `key_superseded`, `key_compromised`, `key_retired`, `user_no_longer_valid`; empty for none.
    ///   - password: nil takes the token that is attached to the session.
    /// - Throws: `keyNotFound`, `privateKeyMissing`, `badPassword`, `lockedOut`, `tokenInvalid`, `badParameter`.
    public func revoke(_ keyID: KeyID, of caller: Caller, reason: String, password: SecretBytes?) throws {
        let reasons: [String: RevocationReason] = [
            "": .unspecified, "no_reason": .unspecified, "key_superseded": .superseded,
            "key_compromised": .compromised, "key_retired": .retired, "user_no_longer_valid": .userIDInvalid,
        ]
        guard let reason = reasons[reason.lowercased()] else {
            throw GuardError(.badParameter, "this is no reason to revoke", parameters: ["reason"])
        }
        try edit(keyID, of: caller, action: "key.revoke", password: password) { secret in
            if secret.certificate.keyID == keyID { return try secret.revoked(Revocation(reason), at: now()) }
            guard let subkey = secret.certificate.subkeys.first(where: { $0.key.keyID == keyID }) else {
                throw GuardError(.keyNotFound, "there is no such key")
            }
            return try secret.revokingSubkey(subkey.key.fingerprint, Revocation(reason), at: now())
        }
    }

    private func edit(
        _ keyID: KeyID, of caller: Caller, action: String, password: SecretBytes?,
        _ change: (SecretCertificate) throws -> SecretCertificate
    ) throws {
        try audited(actor: caller.actor, action: action, target: keyID.hex) { line in
            try translating {
                let ring = try ring(keyID, of: caller)
                guard let locked = try LockedRing(ring) else {
                    throw GuardError(.privateKeyMissing, "the ring has no private key")
                }
                let secrets: UnlockSecrets
                if let password {
                    secrets = try verifyPassword(of: locked, caller.account, .pgp, password)
                } else if let attached = try unlockAttached(for: caller, .pgp) {
                    secrets = attached
                } else {
                    throw GuardError(.tokenInvalid, "no password was given and no token is attached to the session")
                }
                let changed = try change(locked.opened(with: secrets)).certificate
                steps?.count(.write)
                try store.changeAccount(caller.account.id, audit: line) { connection in
                    guard try store.ring(changed.fingerprint, of: caller.account.id, in: connection) != nil else {
                        throw GuardError(.keyNotFound, "there is no such ring")
                    }
                    try store.keepPublic(changed, address: caller.account.address, in: connection)
                }
            }
        }
    }
}
