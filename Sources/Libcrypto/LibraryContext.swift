import COpenSSL

/// The library context of this process: our own, so that the system's openssl.cnf cannot add or remove algorithms,
/// and so that every algorithm is fetched once.
package enum LibraryContext {
    /// Set before anything else by a program that does one thing and ends: what takes a while at every start is left out.
    /// That are names from before libcrypto 3, which nothing of ours asks for (libcrypto's own X.509 does), the texts of
    /// libcrypto's errors, which are never shown, and its random generator: random octets come from the kernel's.
    package nonisolated(unsafe) static var isShortLived = false

    /// Lives as long as the process.
    package nonisolated(unsafe) static let shared: OpaquePointer? = {
        // Some calls of libcrypto know the default context only; it must not read openssl.cnf either.
        var options = UInt64(OPENSSL_INIT_NO_LOAD_CONFIG)
        if isShortLived {
            options |= UInt64(
                OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS)
        }
        OPENSSL_init_crypto(options, nil)
        return OSSL_LIB_CTX_new()
    }()

    /// Another one for ciphers that only old data uses, so that no name in the first can mean one of them. Nil without
    /// the legacy provider. Lives as long as the process, from its first use.
    nonisolated(unsafe) static let legacy: OpaquePointer? = {
        guard let context = OSSL_LIB_CTX_new() else { return nil }
        guard OSSL_PROVIDER_load(context, "legacy") != nil else {
            ERR_clear_error()
            OSSL_LIB_CTX_free(context)
            return nil
        }
        return context
    }()

    /// One fetched, immutable algorithm; libcrypto counts its references itself.
    final class Fetched: @unchecked Sendable {
        private let pointer: OpaquePointer
        init?(_ pointer: OpaquePointer?) {
            guard let pointer else {
                ERR_clear_error()
                return nil
            }
            self.pointer = pointer
        }
        // No deinit: instances are kept in the constants below and live as long as the process.
        func withHandle<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R { try body(pointer) }
    }

    static func digest(_ name: String) -> Fetched? { Fetched(EVP_MD_fetch(shared, name, nil)) }
    static func cipher(_ name: String, from library: OpaquePointer? = shared) -> Fetched? {
        // A nil context would mean libcrypto's own, with whatever the system configured.
        library.flatMap { Fetched(EVP_CIPHER_fetch($0, name, nil)) }
    }

    static let digests: [Fetched?] = HashAlgorithm.allCases.map { digest($0.libraryName) }
    static let aes256GCM = cipher("AES-256-GCM")
    static let aes128GCM = cipher("AES-128-GCM")
    static let cmac = Fetched(EVP_MAC_fetch(shared, "CMAC", nil))
    static let hmac = Fetched(EVP_MAC_fetch(shared, "HMAC", nil))
    static let hkdf = Fetched(EVP_KDF_fetch(shared, "HKDF", nil))
}
