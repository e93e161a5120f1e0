import Libcrypto

/// How X25519 and X448 turn a shared secret into the key that wraps the session key (RFC 9580 sections 5.1.6 and 5.1.7).
enum MontgomeryScheme {
    case x25519, x448

    func keyEncryptionKey(shared: SecretBytes, ephemeral: [UInt8], recipient: [UInt8]) throws -> SecretBytes {
        let public_ = ephemeral + recipient
        let input = SecretBytes(count: public_.count + shared.count) { output in
            for (index, octet) in public_.enumerated() { output[index] = octet }
            shared.withBytes { bytes in
                for index in bytes.indices { output[public_.count + index] = bytes[index] }
            }
        }
        return switch self {
        case .x25519:
            try HKDF.derive(.sha256, ikm: input, salt: [], info: Array("OpenPGP X25519".utf8), count: 16)
        case .x448:
            try HKDF.derive(.sha512, ikm: input, salt: [], info: Array("OpenPGP X448".utf8), count: 32)
        }
    }
}
