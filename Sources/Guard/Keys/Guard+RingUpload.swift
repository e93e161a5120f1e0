public import KeyStore
public import Libcrypto
import MIME
import OpenPGP

extension Guard {
    /// Takes rings of the caller in, public or private, armored or binary; the last becomes the current one. Slow.
    ///
    /// - Parameters:
    ///   - password: opens what is locked in the upload.
    ///   - newPassword: locks it here.
    /// - Throws: `keyTooLarge`, `keyUnreadable`, `noMatchingUserID`, `badPassword`, `passwordPolicy`, `missingParameter`,
    ///   `keyNotUsable`.
    public func uploadRings(
        _ bytes: [UInt8], of caller: Caller, password: SecretBytes?, newPassword: SecretBytes?
    ) throws -> [OwnRing] {
        try audited(actor: caller.actor, action: "key.upload", target: caller.account.address.canonical) { line in
            try translating {
                let (secrets, certificates) = try parse(bytes)
                for certificate in secrets.map(\.certificate) + certificates {
                    guard isNamed(caller.account.address, in: certificate) else {
                        throw GuardError(
                            .noMatchingUserID, "no user ID of the key has the address of the account",
                            parameters: [caller.account.address.canonical])
                    }
                }
                let limits = Self.limits(secrets)
                let fresh = try secrets.map {
                    try locked($0, password: password, newPassword: newPassword, limits)
                }
                // All or none.
                return try changingRings(of: caller, audit: line) { connection in
                    try fresh.map { try keep($0, of: caller.account, in: connection) }
                        + certificates.map { try keep($0, of: caller.account, in: connection) }
                }
            }
        }
    }

    /// Private keys, and certificates that stand alone.
    private func parse(_ bytes: [UInt8]) throws -> (secrets: [SecretCertificate], certificates: [Certificate]) {
        guard bytes.count <= settings.keys.maximumUpload else {
            throw GuardError(.keyTooLarge, "more than \(settings.keys.maximumUpload) octets")
        }
        let secrets = (try? SecretCertificate.parseAll(bytes).0) ?? []
        let known = Set(secrets.map(\.fingerprint))
        let certificates = ((try? Certificate.parseAll(bytes).certificates) ?? []).filter {
            !known.contains($0.fingerprint)
        }
        guard !secrets.isEmpty || !certificates.isEmpty else {
            throw GuardError(.keyUnreadable, "there is no OpenPGP key in it")
        }
        guard secrets.count + certificates.count <= settings.keys.maximumRings else {
            throw GuardError(.keyTooLarge, "more than \(settings.keys.maximumRings) rings")
        }
        guard Self.secretParts(secrets) <= Self.maximumSecretParts else {
            throw GuardError(.keyTooLarge, "more than \(Self.maximumSecretParts) private keys")
        }
        return (secrets, certificates)
    }

    /// Private keys in one upload, subkeys among them: each costs a hash of the old password and one of the new, and one
    /// of every password that is ever tried.
    private static let maximumSecretParts = 32

    private static func secretParts(_ secrets: [SecretCertificate]) -> Int {
        secrets.reduce(0) { $0 + $1.presentSecrets.count }
    }

    /// What the hashes that an upload asks for may cost: its own words say how much, so the whole has a bound.
    private static func limits(_ secrets: [SecretCertificate]) -> S2KLimits {
        var limits = S2KLimits()
        limits.maximumMemoryKiB = 512 << 10
        limits.maximumWorkKiB = max(512 << 10, (4 << 20) / max(1, secretParts(secrets)))
        return limits
    }

    func isNamed(_ address: EmailAddress, in certificate: Certificate) -> Bool {
        certificate.validUserIDs(at: now(), policy: settings.algorithms).contains { userID in
            guard let named = userID.emailAddress.flatMap({ EmailAddress($0) }) else { return false }
            return named.domain == address.domain && named.localPart.lowercased() == address.localPart.lowercased()
        }
    }

    private func opened(
        _ secret: SecretCertificate, _ password: SecretBytes?, _ limits: S2KLimits
    ) throws -> SecretCertificate {
        guard secret.isLocked else { return secret }
        guard let password else {
            throw GuardError(.missingParameter, "the key is locked", parameters: ["keyPassword"])
        }
        steps?.count(.passwordHash)
        let opened: SecretCertificate
        do { opened = try secret.unlocked(password: password, limits: limits) } catch let error as OpenPGPError
            where error.code == .limitExceeded
        {
            throw GuardError(.keyTooLarge, "\(error.message)")
        }
        guard !opened.isLocked else {
            throw GuardError(.badPassword, "the password opens only some parts of the key")
        }
        return opened
    }

    private func locked(
        _ secret: SecretCertificate, password: SecretBytes?, newPassword: SecretBytes?, _ limits: S2KLimits
    ) throws -> LockedSecret {
        let opened = try opened(secret, password, limits)
        guard let newPassword else {
            throw GuardError(.missingParameter, "there is no password to lock the key", parameters: ["newPassword"])
        }
        try checkPolicy(newPassword)
        return try lock(opened, password: newPassword)
    }

    /// A certificate alone: private parts that are here stay.
    private func keep(
        _ certificate: Certificate, of account: AccountRecord, in connection: any StoreConnection
    ) throws -> OwnRing {
        if let known = try store.ring(certificate.fingerprint, of: account.id, in: connection) {
            try store.keepPublic(certificate, address: account.address, in: connection)
            _ = try store.setCurrentRing(known.id, account: account.id, in: connection)
        } else {
            try store.addRing(
                NewRing(certificate: certificate, locked: nil), account: account.id, address: account.address,
                isCurrent: true, in: connection)
        }
        return try kept(certificate.fingerprint, of: account.id, in: connection)
    }
}
