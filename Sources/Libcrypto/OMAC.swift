import COpenSSL

/// The three keyed hashes inside EAX: CMAC (NIST SP 800-38B) over a block that says what is hashed, then the data.
final class OMAC {
    enum Purpose: UInt8, CaseIterable {
        case nonce, associatedData, ciphertext
    }

    /// One state per purpose that has taken its first block; hashing goes on in a copy.
    private let prepared: [State]

    /// `key` is an AES key.
    init(key: SecretBytes) throws {
        prepared = try Purpose.allCases.map { try State(key: key, $0) }
    }

    /// 16 octets; nil where libcrypto fails.
    func hash(_ purpose: Purpose, _ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        prepared[Int(purpose.rawValue)].hash(bytes)
    }

    func hash(_ purpose: Purpose, _ bytes: [UInt8]) -> [UInt8]? {
        bytes.withUnsafeBufferPointer { hash(purpose, $0) }
    }

    private final class State {
        private let context: OpaquePointer

        init(key: SecretBytes, _ purpose: Purpose) throws {
            guard let mac = LibraryContext.cmac else { throw LibcryptoError(.unsupported, "CMAC is not available") }
            guard let context = mac.withHandle({ EVP_MAC_CTX_new($0) }) else {
                throw LibcryptoError.failure("EVP_MAC_CTX_new", .resourceExhausted)
            }
            let first = [UInt8](repeating: 0, count: 15) + [purpose.rawValue]
            let ready = Parameters(OSSL_MAC_PARAM_CIPHER, "AES-\(key.count * 8)-CBC").withList { parameters in
                key.withPointer { EVP_MAC_init(context, $0, key.count, parameters) } == 1
            }
            guard ready, EVP_MAC_update(context, first, first.count) == 1 else {
                EVP_MAC_CTX_free(context)
                throw LibcryptoError.failure("CMAC set-up")
            }
            self.context = context
        }

        deinit { EVP_MAC_CTX_free(context) }

        func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
            defer { withExtendedLifetime(self) {} }
            guard let copy = EVP_MAC_CTX_dup(context) else { return nil }
            defer { EVP_MAC_CTX_free(copy) }
            guard bytes.isEmpty || EVP_MAC_update(copy, bytes.baseAddress, bytes.count) == 1 else { return nil }
            var output = [UInt8](repeating: 0, count: 16)
            var written = 0
            guard EVP_MAC_final(copy, &output, &written, output.count) == 1, written == output.count else { return nil }
            return output
        }
    }
}
