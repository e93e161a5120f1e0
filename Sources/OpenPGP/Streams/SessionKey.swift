import Libcrypto

/// The key of one message and the cipher it is for. It is never used for a second message.
public struct SessionKey: Sendable {
    public let algorithm: SymmetricID
    public let key: SecretBytes

    /// Throws `unsupportedAlgorithm` for a cipher that is not known, `malformed` for a key of the wrong size.
    public init(_ algorithm: SymmetricID, key: SecretBytes) throws {
        guard let size = algorithm.algorithm?.keySize else {
            throw OpenPGPError(.unsupportedAlgorithm, "\(algorithm) cannot be used")
        }
        guard size == key.count else {
            throw OpenPGPError(.malformed, "a session key of \(key.count) octets for \(algorithm)")
        }
        self.algorithm = algorithm
        self.key = key
    }

    /// Algorithm (in version 3 only), key and checksum: what a PKESK encrypts (RFC 9580 section 5.1.3), followed for ECDH by
    /// PKCS#5 padding to a multiple of eight octets (section 11.5).
    func encoded(withAlgorithm named: Bool, padded: Bool) -> SecretBytes {
        let start = named ? 1 : 0
        let plain = start + key.count + 2
        let padding = padded ? 8 - plain % 8 : 0
        return SecretBytes(count: plain + padding) { output in
            if named { output[0] = algorithm.rawValue }
            key.withBytes { key in
                var sum: UInt16 = 0
                for index in 0..<key.count {
                    output[start + index] = key[index]
                    sum &+= UInt16(key[index])
                }
                output[plain - 2] = UInt8(sum >> 8)
                output[plain - 1] = UInt8(sum & 0xFF)
            }
            for index in plain..<plain + padding { output[index] = UInt8(padding) }
        }
    }
}
