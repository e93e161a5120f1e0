import KeyStore
import Libcrypto
import OpenPGP

/// A ring as a lock that its owner's password opens.
struct LockedRing: LockedKey {
    let ring: OwnRing
    private let secret: SecretCertificate
    private let bytes: [UInt8]

    /// nil for a ring without private parts.
    init?(_ ring: OwnRing) throws {
        guard let locked = ring.locked, let secret = try ring.secret() else { return nil }
        self.ring = ring
        self.secret = secret
        bytes = locked
    }

    var fingerprintHex: String { ring.certificate.fingerprint.hex }
    var recovery: [UInt8]? { ring.recovery }

    func unlockSecrets(password: SecretBytes) throws -> UnlockSecrets { try secret.unlockSecrets(password: password) }

    func relocked(with secrets: UnlockSecrets, password: SecretBytes) throws -> Relocked {
        let opened = try secret.unlocked(with: secrets)
        guard !opened.isLocked else {
            throw GuardError(.badPassword, "the password opens only some parts of the key")
        }
        return try Self.lock(opened, password: password)
    }

    /// The secret key with everything open.
    func opened(with secrets: UnlockSecrets) throws -> SecretCertificate { try secret.unlocked(with: secrets) }

    func replace(
        by relocked: Relocked, recovery: RecoveryRecord?, in store: KeyStore, _ connection: any StoreConnection
    ) throws -> Bool {
        guard let now = try store.ring(ring.certificate.fingerprint, of: ring.accountID, in: connection), now.isCurrent
        else { return false }
        return try store.replaceLocked(
            ring: ring.id, old: bytes, locked: relocked.locked, recovery: recovery?.bytes,
            recoveryMaster: recovery?.master, in: connection)
    }

    func deleteRecovery(in store: KeyStore, _ connection: any StoreConnection) throws -> Bool {
        try store.clearRecovery(ring: ring.id, in: connection)
    }

    /// Locks an open key the way the store keeps it: Argon2id and AEAD (RFC 9580, section 3.7.2.1).
    static func lock(_ secret: SecretCertificate, password: SecretBytes) throws -> Relocked {
        let (locked, secrets) = try secret.lockedWithSecrets(password: password, with: .argon2)
        let serialized = locked.serialized()
        return Relocked(
            // Locked: nothing in it is secret.
            locked: serialized.withBytes { span in span.indices.map { span[$0] } }, secrets: secrets)
    }
}
