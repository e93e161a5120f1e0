public import KeyStore
import Libcrypto
public import OpenPGP

/// One key of a ring, in words that need no OpenPGP.
public struct KeyDescription: Sendable, Equatable {
    public var keyID: UInt64
    /// Upper-case hexadecimal digits.
    public var fingerprint: String
    /// Unix seconds.
    public var creation: Int64
    /// Seconds from creation to expiry; 0 for none.
    public var validSeconds: Int64
    public var isExpired: Bool
    public var isRevoked: Bool
    public var isPrimary: Bool
    public var canEncrypt: Bool
    public var hasPrivate: Bool
    /// Of the primary key only.
    public var userIDs: [String]
}

/// A ring, in words that need no OpenPGP.
public struct RingDescription: Sendable, Equatable {
    /// A public key block.
    public var armored: [UInt8]
    /// Lower-case hexadecimal SHA-256 of the certificate.
    public var hash: String
    /// The primary key first.
    public var keys: [KeyDescription]
}

extension Guard {
    /// A ring of the caller, with which of its private parts are here.
    public func describe(_ ring: OwnRing) throws -> RingDescription {
        try translating { try describe(ring.certificate, present: ring.secret()?.presentSecrets ?? []) }
    }

    /// A certificate.
    public func describe(_ certificate: Certificate) throws -> RingDescription {
        try translating { try describe(certificate, present: []) }
    }

    private func describe(_ certificate: Certificate, present: Set<Fingerprint>) throws -> RingDescription {
        let now = now()
        let userIDs = certificate.validUserIDs(at: now, policy: settings.algorithms).map(\.string)
        let encrypting = Set(
            certificate.encryptionKeys(at: now, policy: settings.algorithms).map(\.fingerprint))
        let keys = certificate.keyStatuses(at: now, policy: settings.algorithms).map { status in
            var isExpired = false
            var isRevoked = false
            switch status.validity {
            case .expired: isExpired = true
            case .revoked: isRevoked = true
            default: break
            }
            let creation = status.key.creation.seconds
            return KeyDescription(
                keyID: status.key.keyID.value, fingerprint: status.key.fingerprint.hex, creation: creation,
                validSeconds: status.expiration.map { max(0, $0.seconds - creation) } ?? 0, isExpired: isExpired,
                isRevoked: isRevoked, isPrimary: status.isPrimary,
                canEncrypt: encrypting.contains(status.key.fingerprint),
                hasPrivate: present.contains(status.key.fingerprint), userIDs: status.isPrimary ? userIDs : [])
        }
        let bytes = certificate.serialized()
        let digest = try Digest.hash(.sha256, bytes)
        return RingDescription(
            armored: Armor.encode(bytes, kind: .publicKey),
            hash: HexText.encode(digest), keys: keys)
    }
}
