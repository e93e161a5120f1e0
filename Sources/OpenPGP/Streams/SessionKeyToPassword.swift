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
        encryptor.update(identifier.span, into: &body)
        key.withBytes { encryptor.update($0, into: &body) }
        return body
    }
}
