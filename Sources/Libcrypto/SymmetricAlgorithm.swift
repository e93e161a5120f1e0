import COpenSSL

/// The block ciphers OpenPGP names and libcrypto has. Those with blocks of 8 octets are only for reading old data.
public enum SymmetricAlgorithm: Int, Sendable, CaseIterable {
    case aes128, aes192, aes256, tripleDES, camellia128, camellia192, camellia256, cast5, blowfish

    /// Length of a key in octets.
    public var keySize: Int {
        switch self {
        case .aes128, .camellia128, .cast5, .blowfish: 16
        case .aes192, .camellia192, .tripleDES: 24
        case .aes256, .camellia256: 32
        }
    }

    /// Length of a block in octets.
    public var blockSize: Int { self == .tripleDES || isLegacy ? 8 : 16 }

    /// Whether the cipher is one of libcrypto's legacy provider, which some systems install apart or not at all.
    private var isLegacy: Bool { self == .cast5 || self == .blowfish }

    private var libraryName: String {
        switch self {
        case .aes128: "AES-128"
        case .aes192: "AES-192"
        case .aes256: "AES-256"
        case .tripleDES: "DES-EDE3"
        case .camellia128: "CAMELLIA-128"
        case .camellia192: "CAMELLIA-192"
        case .camellia256: "CAMELLIA-256"
        case .cast5: "CAST5"
        case .blowfish: "BF"
        }
    }

    private struct Methods {
        let ecb, cfb: LibraryContext.Fetched?

        init(_ name: String, from library: OpaquePointer?) {
            ecb = LibraryContext.cipher(name + "-ECB", from: library)
            cfb = LibraryContext.cipher(name + "-CFB", from: library)
        }
    }

    private static let current = allCases.map {
        $0.isLegacy ? nil : Methods($0.libraryName, from: LibraryContext.shared)
    }
    /// Its first use loads the legacy provider.
    private static let legacy = allCases.map {
        $0.isLegacy ? Methods($0.libraryName, from: LibraryContext.legacy) : nil
    }

    /// A context ready to encrypt; the caller frees it.
    func context(ecb isECB: Bool, key: SecretBytes, iv: [UInt8]) throws -> OpaquePointer {
        guard key.count == keySize, iv.count == blockSize else {
            throw LibcryptoError(
                .invalidParameter, "\(self) with a key of \(key.count) and an IV of \(iv.count) octets")
        }
        let methods = (isLegacy ? Self.legacy : Self.current)[rawValue]
        guard let method = isECB ? methods?.ecb : methods?.cfb else {
            throw LibcryptoError(.unsupported, "cipher \(self) is not available")
        }
        guard let context = EVP_CIPHER_CTX_new() else {
            throw LibcryptoError.failure("EVP_CIPHER_CTX_new", .resourceExhausted)
        }
        let ready = method.withHandle { method in
            key.withPointer { EVP_EncryptInit_ex2(context, method, $0, isECB ? nil : iv, nil) }
        }
        guard ready == 1, !isECB || EVP_CIPHER_CTX_set_padding(context, 0) == 1 else {
            EVP_CIPHER_CTX_free(context)
            throw LibcryptoError.failure("EVP_EncryptInit_ex2")
        }
        return context
    }
}
