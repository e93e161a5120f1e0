import Libcrypto

/// The key of one message and the cipher it is for. It is never used for a second message.
struct SessionKey {
    let algorithm: SymmetricID
    let key: SecretBytes

    init(_ algorithm: SymmetricID, key: SecretBytes) throws {
        guard let size = algorithm.algorithm?.keySize else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(algorithm) cannot be used")
        }
        guard size == key.count else {
            throw OpenPGPError(.malformed, "a session key of \(key.count) octets for \(algorithm)")
        }
        self.algorithm = algorithm
        self.key = key
    }

    /// Algorithm, key and checksum: what a version 3 PKESK encrypts (RFC 9580 section 5.1.3), followed for ECDH by PKCS#5
    /// padding to a multiple of eight octets (section 11.5).
    func encoded(padded: Bool) -> SecretBytes {
        let plain = key.count + 3
        let padding = padded ? 8 - plain % 8 : 0
        return SecretBytes(count: plain + padding) { output in
            output[0] = algorithm.rawValue
            key.withBytes { key in
                var sum: UInt16 = 0
                for index in 0..<key.count {
                    output[index + 1] = key[index]
                    sum &+= UInt16(key[index])
                }
                output[key.count + 1] = UInt8(sum >> 8)
                output[key.count + 2] = UInt8(sum & 0xFF)
            }
            for index in plain..<plain + padding { output[index] = UInt8(padding) }
        }
    }
}
