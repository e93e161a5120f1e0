import COpenSSL

/// The least that content of a size can cost: one hash or cipher over pieces of 64 KiB that stay in cache, no keys, no
/// structure.
enum CipherBound {
    private static func forEachPiece(_ size: Int, _ piece: Int, _ body: (Int32) -> Bool) {
        var left = size
        while left > 0 {
            let step = min(left, piece)
            precondition(body(Int32(step)), "libcrypto refused a step of the bound")
            left -= step
        }
    }

    static func hash(_ size: Int, _ piece: [UInt8]) {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        EVP_DigestInit_ex2(context, EVP_sha256(), nil)
        forEachPiece(size, piece.count) { EVP_DigestUpdate(context, piece, Int($0)) == 1 }
    }

    static func cipher(_ size: Int, _ piece: [UInt8], isGCM: Bool, encrypt: Bool) {
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        var output = [UInt8](repeating: 0, count: piece.count + 32)
        let method = isGCM ? EVP_aes_256_gcm() : EVP_aes_256_cbc()
        EVP_CipherInit_ex2(context, method, Array(piece.prefix(32)), Array(piece.prefix(16)), encrypt ? 1 : 0, nil)
        forEachPiece(size, piece.count) { step in
            var count: Int32 = 0
            return EVP_CipherUpdate(context, &output, &count, piece, step) == 1
        }
    }
}
