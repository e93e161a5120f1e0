import COpenSSL
import Libcrypto

/// One run of a content cipher over libcrypto's EVP, in either direction.
final class ContentCipherEngine {
    private let context: OpaquePointer
    /// Octets that one update may hold back or add.
    static let slack = 32

    private final class Method: @unchecked Sendable {
        let pointer: OpaquePointer?
        // No deinit: instances are kept for the life of the process.
        init(_ cipher: ContentCipher) {
            // RC2 is not in the default provider. Without the legacy one its context is nil: the process-wide default.
            let library = cipher.isLegacy ? LegacyContext.shared : LibraryContext.shared
            pointer = cipher.isLegacy && library == nil ? nil : EVP_CIPHER_fetch(library, cipher.fetchName, nil)
            if pointer == nil { ERR_clear_error() }
        }
    }

    private static let common: [ContentCipher: Method] = Dictionary(
        uniqueKeysWithValues: ContentCipher.allCases.filter { !$0.isLegacy }.map { ($0, Method($0)) })
    private static let old: [ContentCipher: Method] = Dictionary(
        uniqueKeysWithValues: ContentCipher.allCases.filter(\.isLegacy).map { ($0, Method($0)) })

    /// Throws `unsupported` where libcrypto lacks the cipher, `invalidArgument` for a key or nonce of a wrong length.
    init(_ cipher: ContentCipher, key: SecretBytes, nonce: [UInt8], encrypt: Bool) throws {
        guard let method = (cipher.isLegacy ? Self.old : Self.common)[cipher]?.pointer else {
            throw CMSError(.unsupported, "libcrypto has no \(cipher.rawValue)")
        }
        guard key.count == cipher.keySize, !nonce.isEmpty, nonce.count <= 64 else {
            throw CMSError(.invalidArgument, "\(cipher.rawValue) with a key of \(key.count) octets")
        }
        guard let context = EVP_CIPHER_CTX_new() else {
            throw CMSError.library(.internalFailure, "EVP_CIPHER_CTX_new failed")
        }
        let direction: Int32 = encrypt ? 1 : 0
        var ready = EVP_CipherInit_ex2(context, method, nil, nil, direction, nil) == 1
        if cipher.isAuthenticated {
            ready = ready && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, Int32(nonce.count), nil) == 1
        }
        ready =
            ready
            && key.withBytes { key in
                key.withUnsafeBufferPointer {
                    EVP_CipherInit_ex2(context, nil, $0.baseAddress, nonce, direction, nil) == 1
                }
            }
        guard ready else {
            EVP_CIPHER_CTX_free(context)
            throw CMSError.library(.internalFailure, "set-up of \(cipher.rawValue) failed")
        }
        self.context = context
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    private func withHandle<R>(_ body: (OpaquePointer) throws -> R) throws -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(context)
    }

    /// Authenticates octets that are not encrypted. Before or, in GCM, after the content; see `open`.
    func authenticate(_ bytes: [UInt8]) throws {
        guard !bytes.isEmpty else { return }
        guard bytes.count < 1 << 30 else { throw CMSError(.limitExceeded, "authenticated attributes above 1 GiB") }
        var written: Int32 = 0
        try withHandle { context in
            guard EVP_CipherUpdate(context, nil, &written, bytes, Int32(bytes.count)) == 1 else {
                throw CMSError.library(.internalFailure, "authentication of attributes failed")
            }
        }
    }

    /// Writes up to `input.count + slack` octets and tells how many.
    func update(_ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutablePointer<UInt8>) throws -> Int {
        guard let base = input.baseAddress else { return 0 }
        return try withHandle { context in
            var total = 0
            var offset = 0
            while offset < input.count {
                let step = min(input.count - offset, 1 << 30)
                var written: Int32 = 0
                guard EVP_CipherUpdate(context, output + total, &written, base + offset, Int32(step)) == 1 else {
                    throw CMSError.library(.internalFailure, "content cipher failed")
                }
                total += Int(written)
                offset += step
            }
            return total
        }
    }

    /// The last octets. Where padding or tag are wrong it throws `decryptionFailed`.
    func finish(into output: UnsafeMutablePointer<UInt8>) throws -> Int {
        try withHandle { context in
            var written: Int32 = 0
            guard EVP_CipherFinal_ex(context, output, &written) == 1 else {
                throw CMSError.library(.notDecryptable, "decryption failed")
            }
            return Int(written)
        }
    }

    /// After `finish` of an encryption.
    func tag() throws -> [UInt8] {
        try withHandle { context in
            var tag = [UInt8](repeating: 0, count: ContentCipher.gcmTagSize)
            guard EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), &tag) == 1 else {
                throw CMSError.library(.internalFailure, "authentication tag failed")
            }
            return tag
        }
    }

    /// Before `finish` of a decryption.
    func expect(tag: [UInt8]) throws {
        try withHandle { context in
            var tag = tag
            guard EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1 else {
                throw CMSError.library(.notDecryptable, "authentication tag failed")
            }
        }
    }
}
