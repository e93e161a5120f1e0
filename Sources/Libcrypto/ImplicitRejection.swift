import COpenSSL

/// What answers a wrong ciphertext instead of an error: a session key that depends on the ciphertext and on a secret only,
/// so that from the outside nothing tells whether the padding was right (Bleichenbacher's attack lives on such hints).
struct ImplicitRejection: Sendable {
    private let key: SecretBytes

    /// Derived from the secret of the key that decrypts.
    init(_ secret: SecretBytes, label: String) throws {
        key = SecretBytes(copying: try HMAC.sha256(key: secret, Array(label.utf8)))
    }

    /// The session key in `encoded`, which is what deciphering `ciphertext` gave (RFC 9580 sections 5.1.3 and 5.1.4), or
    /// where padding, algorithm or checksum is wrong the other one.
    func sessionKey(in encoded: SecretBytes, of ciphertext: [UInt8]) throws -> (algorithm: UInt8, key: SecretBytes) {
        let fake = try fake(for: ciphertext)
        var length: UInt32 = 0
        let found = SecretBytes(
            raw: 33,
            unsafe: { output in
                length = encoded.withPointer { encodedPointer in
                    fake.withPointer { guardd_unpad_session_key(encodedPointer, encoded.count, $0, output) }
                }
            })
        guard let key = found.slice(1..<1 + Int(length)) else {
            throw LibcryptoError(.internalFailure, "no session key")
        }
        return (found.withBytes { $0[0] }, key)
    }

    /// The same for a session key of `size` octets, 1 to 32, without an algorithm.
    func sessionKey(in encoded: SecretBytes, of ciphertext: [UInt8], size: Int) throws -> SecretBytes {
        guard (1...32).contains(size) else {
            throw LibcryptoError(.invalidParameter, "a session key of \(size) octets")
        }
        let fake = try fake(for: ciphertext)
        return SecretBytes(
            raw: size,
            unsafe: { output in
                encoded.withPointer { encodedPointer in
                    fake.withPointer { guardd_unpad_known_key(encodedPointer, encoded.count, size, $0, output) }
                }
            })
    }

    /// The message of any length in `encoded`, which has at least 43 octets, or where padding is wrong 32 other octets.
    func message(in encoded: SecretBytes, of ciphertext: [UInt8]) throws -> SecretBytes {
        guard encoded.count >= 43 else { throw LibcryptoError(.invalidParameter, "a padded message that is too short") }
        let fake = try fake(for: ciphertext)
        var length: UInt32 = 0
        let found = SecretBytes(
            raw: encoded.count,
            unsafe: { output in
                length = encoded.withPointer { encodedPointer in
                    fake.withPointer { guardd_unpad_message(encodedPointer, encoded.count, $0, output) }
                }
            })
        guard let message = found.slice(0..<Int(length)) else {
            throw LibcryptoError(.internalFailure, "a message longer than its padding")
        }
        return message
    }

    private func fake(for ciphertext: [UInt8]) throws -> SecretBytes {
        SecretBytes(copying: try HMAC.sha256(key: key, ciphertext))
    }
}
