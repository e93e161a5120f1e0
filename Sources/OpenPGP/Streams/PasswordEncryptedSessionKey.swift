import Libcrypto

/// A Symmetric-Key Encrypted Session Key packet of version 4 (RFC 9580 section 5.3.1).
struct PasswordEncryptedSessionKey {
    private let cipher: SymmetricID
    private let specifier: S2K
    private let encrypted: [UInt8]

    /// Throws `unsupportedVersion` for other versions, `unsupportedAlgorithm` for an S2K that is not known.
    init(parsingBody body: [UInt8]) throws {
        var reader = ByteReader(body, subject: "password-encrypted session key packet")
        let version = try reader.byte()
        guard version == 4 else {
            throw OpenPGPError(.unsupportedVersion, "encrypted session keys of version \(version) are not supported")
        }
        cipher = SymmetricID(rawValue: try reader.byte())
        specifier = try S2K.read(from: &reader)
        encrypted = Array(reader.rest())
    }

    /// The session key under `password`; a wrong password gives a wrong key or, more often, an error.
    func open(with password: SecretBytes) throws -> SessionKey {
        guard let algorithm = cipher.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(cipher) is not supported")
        }
        let key = try specifier.key(from: password, count: algorithm.keySize)
        guard !encrypted.isEmpty else { return try SessionKey(cipher, key: key) }
        let decryptor = try CFBDecryptor(
            algorithm, key: key, iv: [UInt8](repeating: 0, count: algorithm.blockSize))
        var plain: [UInt8] = []
        defer { Wipe.wipe(&plain) }
        decryptor.update(encrypted.span, into: &plain)
        guard let identifier = plain.first else { throw OpenPGPError(.notDecryptable, "a session key is empty") }
        return try SessionKey(
            SymmetricID(rawValue: identifier), key: SecretBytes(copying: plain.span.extracting(1..<plain.count)))
    }
}
