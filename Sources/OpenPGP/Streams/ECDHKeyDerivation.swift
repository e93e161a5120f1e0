import Libcrypto

extension KDFParameters {
    /// The key under which the session key is wrapped (RFC 9580 section 11.5): one block of the hash over the shared secret
    /// and what binds it to the recipient's key. Throws `unsupportedAlgorithm` for a hash or cipher too weak to serve.
    func keyEncryptionKey(shared: SecretBytes, curve: Curve, fingerprint: Fingerprint) throws -> SecretBytes {
        guard let size = cipher.algorithm?.keySize, [.aes128, .aes192, .aes256].contains(cipher) else {
            throw OpenPGPError(.unsupportedAlgorithm, "ECDH key wrapping with \(cipher) is not supported")
        }
        guard [.sha256, .sha384, .sha512].contains(hash), let algorithm = hash.algorithm else {
            throw OpenPGPError(.unsupportedAlgorithm, "ECDH key derivation with \(hash) is not supported")
        }
        let digest = try Digest(algorithm)
        digest.update([0, 0, 0, 1])
        shared.withBytes { digest.update($0) }
        digest.update([UInt8(clamping: curve.oid.count)] + curve.oid + [PublicKeyAlgorithm.ecdh.rawValue])
        digest.update(serialized + Array("Anonymous Sender    ".utf8))
        digest.update(fingerprint.bytes)
        let value = digest.finish()
        guard value.count >= size else { throw OpenPGPError(.unsupportedAlgorithm, "\(hash) could not be computed") }
        return SecretBytes(copying: Array(value.prefix(size)))
    }
}
