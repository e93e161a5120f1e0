import COpenSSL

/// The same operations by libcrypto's own CMS, in the fastest way it offers: pieces of 64 KiB written into its chains, the
/// content canonical before (BINARY), no chain of certificates checked.
struct LibcryptoCMS {
    let identity: BenchIdentity
    let piece: [UInt8]
    private static let binary = UInt32(CMS_BINARY)

    private func check(_ succeeded: Bool) { precondition(succeeded, "libcrypto's CMS refused an operation") }

    private func write(_ size: Int, to chain: OpaquePointer?) {
        var left = size
        while left > 0 {
            let step = min(left, piece.count)
            check(BIO_write(chain, piece, Int32(step)) == Int32(step))
            left -= step
        }
    }

    func sign(_ size: Int) {
        let message = CMS_sign(
            identity.x509, identity.key, nil, nil, Self.binary | UInt32(CMS_DETACHED) | UInt32(CMS_PARTIAL))
        defer { CMS_ContentInfo_free(message) }
        let chain = CMS_dataInit(message, nil)
        defer { BIO_free_all(chain) }
        write(size, to: chain)
        check(CMS_dataFinal(message, chain) == 1)
        var encoded: UnsafeMutablePointer<UInt8>?
        check(i2d_CMS_ContentInfo(message, &encoded) > 0)
        CRYPTO_free(encoded, nil, 0)
    }

    private func read(_ bytes: [UInt8]) -> OpaquePointer? {
        bytes.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return d2i_CMS_ContentInfo(nil, &cursor, buffer.count)
        }
    }

    func verify(_ signature: [UInt8], _ content: [UInt8]) {
        let message = read(signature)
        defer { CMS_ContentInfo_free(message) }
        let input = BIO_new_mem_buf(content, Int32(content.count))
        defer { BIO_free(input) }
        check(CMS_verify(message, nil, nil, input, nil, Self.binary | UInt32(CMS_NO_SIGNER_CERT_VERIFY)) == 1)
    }

    func encrypt(_ size: Int, isGCM: Bool) {
        let certificates = OPENSSL_sk_new_null()
        defer { OPENSSL_sk_free(certificates) }
        OPENSSL_sk_push(certificates, UnsafeRawPointer(identity.x509))
        let flags = Self.binary | UInt32(CMS_STREAM) | UInt32(CMS_PARTIAL)
        let message = CMS_encrypt(certificates, nil, isGCM ? EVP_aes_256_gcm() : EVP_aes_256_cbc(), flags)
        defer { CMS_ContentInfo_free(message) }
        let output = BIO_new(BIO_s_null())
        let chain = BIO_new_CMS(output, message)
        check(chain != nil)
        write(size, to: chain)
        check(BIO_ctrl(chain, BIO_CTRL_FLUSH, 0, nil) == 1)
        // The filters in front of the output go one by one.
        var next = chain
        while let filter = next, filter != output {
            next = BIO_pop(filter)
            BIO_free(filter)
        }
        BIO_free(output)
    }

    func decrypt(_ encrypted: [UInt8]) {
        let message = read(encrypted)
        defer { CMS_ContentInfo_free(message) }
        let output = BIO_new(BIO_s_mem())
        defer { BIO_free(output) }
        check(CMS_decrypt(message, identity.key, identity.x509, nil, output, Self.binary) == 1)
    }
}
