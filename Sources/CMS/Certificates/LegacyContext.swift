import COpenSSL
import Libcrypto

/// A library context with the old ciphers (RC2, RC4, DES), for reading what was written long ago and for nothing else.
package enum LegacyContext {
    /// Lives as long as the process; nil where the legacy provider is not installed.
    package nonisolated(unsafe) static let shared: OpaquePointer? = {
        // Keeps the default context from reading openssl.cnf.
        _ = LibraryContext.shared
        guard let context = OSSL_LIB_CTX_new() else { return nil }
        guard OSSL_PROVIDER_load(context, "default") != nil, OSSL_PROVIDER_load(context, "legacy") != nil else {
            ERR_clear_error()
            OSSL_LIB_CTX_free(context)
            return nil
        }
        return context
    }()
}

/// Which algorithms may be read in files that are locked with a password.
public enum LegacyAlgorithms: Sendable {
    /// PBES2 with AES only.
    case refused
    /// Also RC2, RC4, DES, 3DES and the derivations that belong to them.
    case readable
}
