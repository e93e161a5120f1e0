import Libcrypto

extension SessionKey {
    /// The body of a version 4 Symmetric-Key Encrypted Session Key packet (RFC 9580 section 5.3.1): the session key,
    /// encrypted under the password by an iterated and salted S2K.
    func sealed(under password: SecretBytes) throws -> [UInt8] {
        let specifier = try S2K.fresh()
        guard let cipher = algorithm.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(algorithm) cannot be used")
        }
        let keyEncryptionKey = try specifier.key(from: password, count: cipher.keySize)
        let encryptor = try CFBEncryptor(
            cipher, key: keyEncryptionKey, iv: [UInt8](repeating: 0, count: cipher.blockSize))
        var body: [UInt8] = [4, algorithm.rawValue]
        body += specifier.serialized
        let identifier = [algorithm.rawValue]
        try encryptor.update(identifier.span, into: &body)
        try key.withBytes { try encryptor.update($0, into: &body) }
        return body
    }

    /// The body of a version 6 packet (section 5.3.2): the session key, sealed by AEAD under a key that Argon2 makes of the
    /// password.
    func sealed(under password: SecretBytes, _ suite: CipherSuite) throws -> [UInt8] {
        let specifier = try S2K.freshArgon2()
        guard let cipher = suite.cipher.algorithm, let aead = suite.aead.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(suite) cannot be used")
        }
        let info = PasswordEncryptedSessionKey.associatedData(version: 6, suite)
        let wrapping = try HKDF.sha256(
            ikm: specifier.key(from: password, count: cipher.keySize), salt: [], info: info, count: cipher.keySize)
        let nonce = try SecureRandom.bytes(aead.nonceSize)
        let method = specifier.serialized
        var body: [UInt8] = [6, UInt8(clamping: 3 + method.count + nonce.count)]
        body += [suite.cipher.rawValue, suite.aead.rawValue, UInt8(clamping: method.count)] + method + nonce
        let sealer = try AEADCipher(aead, cipher, key: wrapping)
        try key.withBytes { try sealer.seal($0, nonce: nonce, associatedData: info, into: &body) }
        return body
    }
}
