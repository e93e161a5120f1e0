import Libcrypto

/// A Symmetric-Key Encrypted Session Key packet (RFC 9580 section 5.3): version 4 and 6, and version 5 as GnuPG 2.4 writes
/// it in front of its own AEAD packet.
struct PasswordEncryptedSessionKey {
    let version: UInt8
    private let cipher: SymmetricID
    private let aead: AEADID?
    private let specifier: S2K
    private let nonce: [UInt8]
    private let encrypted: [UInt8]

    /// Throws `unsupportedVersion` for other versions, `unsupportedAlgorithm` for an AEAD mode that is not known.
    init(parsingBody body: [UInt8]) throws {
        var reader = ByteReader(body, subject: "password-encrypted session key packet")
        version = try reader.byte()
        guard (4...6).contains(version) else {
            throw OpenPGPError(.unsupportedVersion, "encrypted session keys of version \(version) are not supported")
        }
        if version == 6 { _ = try reader.byte() }
        cipher = SymmetricID(rawValue: try reader.byte())
        guard version != 4 else {
            specifier = try S2K.read(from: &reader)
            (aead, nonce, encrypted) = (nil, [], Array(reader.rest()))
            return
        }
        let mode = AEADID(rawValue: try reader.byte())
        guard let size = mode.algorithm?.nonceSize else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(mode) is not supported")
        }
        aead = mode
        if version == 6 { _ = try reader.byte() }
        specifier = try S2K.read(from: &reader)
        nonce = Array(try reader.take(size))
        encrypted = Array(reader.rest())
    }

    /// The session key under `password`; a wrong password gives a wrong key or, more often, an error.
    ///
    /// - Parameter container: the cipher that the encrypted packet names, for versions 5 and 6, whose own is only that of the
    ///   wrapping.
    func open(with password: SecretBytes, cipher container: SymmetricID?, limits: S2KLimits) throws -> SessionKey {
        guard let algorithm = cipher.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(cipher) is not supported")
        }
        let key = try specifier.key(from: password, count: algorithm.keySize, limits: limits)
        if let aead { return try open(aead, algorithm, key, container) }
        guard !encrypted.isEmpty else { return try SessionKey(cipher, key: key) }
        let decryptor = try CFBDecryptor(
            algorithm, key: key, iv: [UInt8](repeating: 0, count: algorithm.blockSize))
        var plain: [UInt8] = []
        defer { Wipe.wipe(&plain) }
        try decryptor.update(encrypted.span, into: &plain)
        guard let identifier = plain.first else { throw OpenPGPError(.notDecryptable, "a session key is empty") }
        return try SessionKey(
            SymmetricID(rawValue: identifier), key: SecretBytes(copying: plain.span.extracting(1..<plain.count)))
    }

    private func open(
        _ aead: AEADID, _ algorithm: SymmetricAlgorithm, _ key: SecretBytes, _ container: SymmetricID?
    ) throws -> SessionKey {
        guard let mode = aead.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(aead) is not supported")
        }
        let info = Self.associatedData(version: version, CipherSuite(cipher, aead))
        let wrapping =
            version == 6 ? try HKDF.sha256(ikm: key, salt: [], info: info, count: algorithm.keySize) : key
        var plain: [UInt8] = []
        defer { Wipe.wipe(&plain) }
        let cipher = try AEADCipher(mode, algorithm, key: wrapping)
        guard try cipher.open(encrypted.span, nonce: nonce, associatedData: info, into: &plain) else {
            throw OpenPGPError(.wrongPassword, "the password does not open the message")
        }
        return try SessionKey(container ?? self.cipher, key: SecretBytes(copying: plain))
    }

    /// What the wrapping covers besides the key: the packet's type, version and algorithms (section 5.3.2).
    static func associatedData(version: UInt8, _ suite: CipherSuite) -> [UInt8] {
        [0xC3, version, suite.cipher.rawValue, suite.aead.rawValue]
    }
}
