import Libcrypto

/// What keeps others from changing an encrypted message unseen.
public enum DataProtection: Hashable, Sendable {
    /// Version 1: CFB mode and a SHA-1 over the plaintext.
    case modificationDetection(SymmetricID)
    /// Version 2: authenticated encryption in chunks.
    case aead(CipherSuite)
    /// The packet of type 20 that GnuPG 2.4 writes.
    case gnupgAEAD(CipherSuite)
    /// Nothing.
    case none(SymmetricID)
}

/// What stands in front of the ciphertext of an encrypted packet, and what follows from it.
struct ContainerHeader {
    private enum Kind { case integrityProtected, aead, gnupg, unprotected }

    private let kind: Kind
    /// Cipher and mode where the packet itself names them.
    let suite: CipherSuite?
    private let sizeOctet: UInt8
    /// Salt of version 2, nonce of GnuPG's packet.
    private let salt: [UInt8]

    /// Octets that are still needed to read a header that begins with `bytes`.
    static func missing(_ bytes: [UInt8], _ tag: PacketTag) throws -> Int {
        if tag == .symmetricallyEncryptedData { return 0 }
        guard let version = bytes.first else { return 1 }
        switch (tag, version) {
        case (.symmetricallyEncryptedIntegrityProtectedData, 1): return 0
        case (.symmetricallyEncryptedIntegrityProtectedData, 2): return max(0, 36 - bytes.count)
        case (.gnupgAEADData, 1):
            guard bytes.count >= 4 else { return 4 - bytes.count }
            guard let aead = AEADID(rawValue: bytes[2]).algorithm else {
                throw OpenPGPError(.unsupportedAlgorithm, "\(AEADID(rawValue: bytes[2])) is not supported")
            }
            return max(0, 4 + aead.nonceSize - bytes.count)
        default:
            throw OpenPGPError(.unsupportedVersion, "encrypted data of version \(version) is not supported")
        }
    }

    /// Reads a header of which nothing is missing.
    init(_ bytes: [UInt8], _ tag: PacketTag) throws {
        var reader = ByteReader(bytes, subject: "header of encrypted data")
        guard tag != .symmetricallyEncryptedData, try reader.byte() == 2 || tag == .gnupgAEADData else {
            kind = tag == .symmetricallyEncryptedData ? .unprotected : .integrityProtected
            (suite, sizeOctet, salt) = (nil, 0, [])
            return
        }
        kind = tag == .gnupgAEADData ? .gnupg : .aead
        suite = CipherSuite(SymmetricID(rawValue: try reader.byte()), AEADID(rawValue: try reader.byte()))
        sizeOctet = try reader.byte()
        salt = Array(reader.rest())
    }

    /// Whether every octet that is given out was authentic before.
    var isAEAD: Bool { suite != nil }

    func accepts(_ packet: EncryptedSessionKey) -> Bool { (packet.version == 6) == (kind == .aead) }

    func accepts(_ packet: PasswordEncryptedSessionKey) -> Bool {
        switch packet.version {
        case 6: kind == .aead
        case 5: kind == .gnupg
        default: kind != .aead
        }
    }

    func fits(_ sessionKey: SessionKey) -> Bool { suite.map { $0.cipher == sessionKey.algorithm } ?? true }

    func protection(under sessionKey: SessionKey) -> DataProtection {
        switch (kind, suite) {
        case (.aead, let suite?): .aead(suite)
        case (.gnupg, let suite?): .gnupgAEAD(suite)
        case (.unprotected, _): .none(sessionKey.algorithm)
        default: .modificationDetection(sessionKey.algorithm)
        }
    }

    func reader(_ sessionKey: SessionKey) throws -> any ProtectedDataReader {
        switch (kind, suite) {
        case (.aead, let suite?):
            AEADReader(
                try AEADChunks(suite: suite, sizeOctet: sizeOctet, sessionKey: sessionKey.key, salt: salt))
        case (.gnupg, let suite?):
            AEADReader(
                try AEADChunks(gnupg: suite, sizeOctet: sizeOctet, sessionKey: sessionKey.key, nonce: salt))
        case (.unprotected, _): try UnprotectedReader(sessionKey)
        default: try IntegrityProtectedReader(sessionKey)
        }
    }
}
