import COpenSSL

/// The least an operation can cost: the same primitives called straight on libcrypto in one loop over pieces of 64 KiB that
/// stay in cache, no framing, no checksum, every output thrown away. One object serves one thread.
final class Bound {
    static let piece = 64 << 10
    private let context = OSSL_LIB_CTX_new()
    private let sha1: OpaquePointer?
    private let sha256: OpaquePointer?
    private let cfb: OpaquePointer?
    private let ecb: OpaquePointer?
    private let wrap: OpaquePointer?
    private let ocb: OpaquePointer?
    private let gcm: OpaquePointer?
    private let ctr: OpaquePointer?
    private let cmac: OpaquePointer?
    private let recipient: OpaquePointer?
    private let signer: OpaquePointer?
    private let plain: UnsafeMutablePointer<UInt8>
    private let work: UnsafeMutablePointer<UInt8>
    private let text: UnsafeMutablePointer<UInt8>
    private let key = [UInt8](repeating: 7, count: 32)
    private let iv = [UInt8](repeating: 0, count: 16)
    private var signature = [UInt8](repeating: 0, count: 64)
    private var signedDigest: [UInt8] = []

    init() {
        sha1 = EVP_MD_fetch(context, "SHA1", nil)
        sha256 = EVP_MD_fetch(context, "SHA256", nil)
        cfb = EVP_CIPHER_fetch(context, "AES-256-CFB", nil)
        ecb = EVP_CIPHER_fetch(context, "AES-256-ECB", nil)
        wrap = EVP_CIPHER_fetch(context, "AES-128-WRAP", nil)
        ocb = EVP_CIPHER_fetch(context, "AES-256-OCB", nil)
        gcm = EVP_CIPHER_fetch(context, "AES-256-GCM", nil)
        ctr = EVP_CIPHER_fetch(context, "AES-256-CTR", nil)
        cmac = EVP_MAC_fetch(context, "CMAC", nil)
        recipient = EVP_PKEY_new_raw_private_key_ex(context, "X25519", nil, key, 32)
        signer = EVP_PKEY_new_raw_private_key_ex(context, "ED25519", nil, key, 32)
        plain = .allocate(capacity: Self.piece)
        plain.initialize(repeating: 0x61, count: Self.piece)
        work = .allocate(capacity: Self.piece + 64)
        work.initialize(repeating: 0, count: Self.piece + 64)
        text = .allocate(capacity: Self.piece * 2)
        text.initialize(repeating: 0x41, count: Self.piece * 2)
    }

    deinit {
        [plain, work, text].forEach { $0.deallocate() }
        [recipient, signer].forEach { EVP_PKEY_free($0) }
        [sha1, sha256].forEach { EVP_MD_free($0) }
        [cfb, ecb, wrap, ocb, gcm, ctr].forEach { EVP_CIPHER_free($0) }
        EVP_MAC_free(cmac)
        OSSL_LIB_CTX_free(context)
    }

    private func check(_ status: Int32) { precondition(status == 1, "libcrypto refused a step of the bound") }

    /// A fresh key, the agreement, the derivation, the wrapping of the session key.
    private func sealSessionKey() {
        var seed = [UInt8](repeating: 0, count: 72)
        check(RAND_priv_bytes_ex(context, &seed, 72, 0))
        let ephemeral = EVP_PKEY_new_raw_private_key_ex(context, "X25519", nil, seed, 32)
        defer { EVP_PKEY_free(ephemeral) }
        let kek = agree(ephemeral, recipient)
        let cipher = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(cipher) }
        EVP_CIPHER_CTX_set_flags(cipher, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW)
        var output = [UInt8](repeating: 0, count: 64)
        var count: Int32 = 0
        check(EVP_EncryptInit_ex2(cipher, wrap, kek, nil, nil))
        check(EVP_EncryptUpdate(cipher, &output, &count, seed, 40))
    }

    private func agree(_ own: OpaquePointer?, _ peer: OpaquePointer?) -> [UInt8] {
        let agreement = EVP_PKEY_CTX_new_from_pkey(context, own, nil)
        defer { EVP_PKEY_CTX_free(agreement) }
        var secret = [UInt8](repeating: 0, count: 32)
        var size = 32
        check(EVP_PKEY_derive_init(agreement))
        check(EVP_PKEY_derive_set_peer(agreement, peer))
        check(EVP_PKEY_derive(agreement, &secret, &size))
        var digest = [UInt8](repeating: 0, count: 32)
        check(EVP_Digest(secret, size, &digest, nil, sha256, nil))
        return digest
    }

    private func forEachPiece(_ size: Int, _ body: (Int32) -> Void) {
        var left = size
        while left > 0 {
            let step = min(left, Self.piece)
            body(Int32(step))
            left -= step
        }
    }

    func encrypt(_ size: Int, sign: Bool) {
        sealSessionKey()
        let mdc = EVP_MD_CTX_new()
        let content = sign ? EVP_MD_CTX_new() : nil
        let cipher = EVP_CIPHER_CTX_new()
        defer {
            EVP_MD_CTX_free(mdc)
            EVP_MD_CTX_free(content)
            EVP_CIPHER_CTX_free(cipher)
        }
        check(EVP_DigestInit_ex2(mdc, sha1, nil))
        if sign { check(EVP_DigestInit_ex2(content, sha256, nil)) }
        check(EVP_EncryptInit_ex2(cipher, cfb, key, iv, nil))
        forEachPiece(size) { step in
            var count: Int32 = 0
            if sign { check(EVP_DigestUpdate(content, plain, Int(step))) }
            check(EVP_DigestUpdate(mdc, plain, Int(step)))
            check(EVP_EncryptUpdate(cipher, work, &count, plain, step))
            EVP_EncodeBlock(text, work, step)
        }
        var digest = [UInt8](repeating: 0, count: 32)
        check(EVP_DigestFinal_ex(mdc, &digest, nil))
        if sign {
            check(EVP_DigestFinal_ex(content, &digest, nil))
            makeSignature(digest)
        }
    }

    private func makeSignature(_ digest: [UInt8]) {
        let signing = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(signing) }
        var size = 64
        check(EVP_DigestSignInit_ex(signing, nil, nil, context, nil, signer, nil))
        check(EVP_DigestSign(signing, &signature, &size, digest, digest.count))
        signedDigest = digest
    }

    func decrypt(_ size: Int) {
        _ = agree(recipient, recipient)
        let mdc = EVP_MD_CTX_new()
        let cipher = EVP_CIPHER_CTX_new()
        defer {
            EVP_MD_CTX_free(mdc)
            EVP_CIPHER_CTX_free(cipher)
        }
        check(EVP_DigestInit_ex2(mdc, sha1, nil))
        check(EVP_EncryptInit_ex2(cipher, ecb, key, nil, nil))
        check(EVP_CIPHER_CTX_set_padding(cipher, 0))
        text.update(repeating: 0x41, count: Self.piece * 2)
        forEachPiece(size) { step in
            var count: Int32 = 0
            EVP_DecodeBlock(work, text, (step + 2) / 3 * 4)
            let whole = (step + 15) & ~15
            check(EVP_EncryptUpdate(cipher, text + Self.piece, &count, work, min(whole, Int32(Self.piece))))
            let stream = text + Self.piece
            for index in 0..<Int(step) { work[index] ^= stream[index] }
            check(EVP_DigestUpdate(mdc, work, Int(step)))
            // The keystream stood in the second half of the text.
            (text + Self.piece).update(repeating: 0x41, count: Int(step) / 2)
        }
        var digest = [UInt8](repeating: 0, count: 32)
        check(EVP_DigestFinal_ex(mdc, &digest, nil))
    }

    /// Chunks of an AEAD mode, each with its tag, as base64.
    func seal(_ size: Int, isOCB: Bool) {
        sealSessionKey()
        let cipher = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(cipher) }
        var tag = [UInt8](repeating: 0, count: 16)
        check(EVP_EncryptInit_ex2(cipher, isOCB ? ocb : gcm, key, iv, nil))
        forEachPiece(size) { step in
            var count: Int32 = 0
            check(EVP_EncryptInit_ex2(cipher, nil, nil, iv, nil))
            check(EVP_EncryptUpdate(cipher, work, &count, plain, step))
            check(EVP_EncryptFinal_ex(cipher, work + Int(step), &count))
            check(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, 16, &tag))
            EVP_EncodeBlock(text, work, step)
        }
    }

    func open(_ size: Int, isOCB: Bool) {
        _ = agree(recipient, recipient)
        let cipher = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(cipher) }
        var tag = [UInt8](repeating: 0, count: 16)
        check(EVP_DecryptInit_ex2(cipher, isOCB ? ocb : gcm, key, iv, nil))
        text.update(repeating: 0x41, count: Self.piece * 2)
        forEachPiece(size) { step in
            var count: Int32 = 0
            EVP_DecodeBlock(work, text, (step + 2) / 3 * 4)
            check(EVP_DecryptInit_ex2(cipher, nil, nil, iv, nil))
            check(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, 16, &tag))
            check(EVP_DecryptUpdate(cipher, work, &count, work, step))
            // The tag is made up; to find that out takes the same work.
            EVP_DecryptFinal_ex(cipher, work + Int(step), &count)
        }
        ERR_clear_error()
    }

    /// What EAX is made of: counter mode, and CMAC over what it gave.
    func eax(_ size: Int) {
        let cipher = EVP_CIPHER_CTX_new()
        let mac = EVP_MAC_CTX_new(cmac)
        defer {
            EVP_CIPHER_CTX_free(cipher)
            EVP_MAC_CTX_free(mac)
        }
        var name = Array("AES-256-CBC".utf8CString)
        name.withUnsafeMutableBufferPointer { name in
            let parameters = [
                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name.baseAddress, 0),
                OSSL_PARAM_construct_end(),
            ]
            check(EVP_MAC_init(mac, key, key.count, parameters))
        }
        check(EVP_EncryptInit_ex2(cipher, ctr, key, iv, nil))
        var tag = [UInt8](repeating: 0, count: 16)
        forEachPiece(size) { step in
            var count: Int32 = 0
            var written = 0
            check(EVP_MAC_init(mac, nil, 0, nil))
            check(EVP_EncryptInit_ex2(cipher, nil, nil, iv, nil))
            check(EVP_EncryptUpdate(cipher, work, &count, plain, step))
            check(EVP_MAC_update(mac, work, Int(step)))
            check(EVP_MAC_final(mac, &tag, &written, 16))
        }
    }

    private func hash(_ size: Int) -> [UInt8] {
        let content = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(content) }
        check(EVP_DigestInit_ex2(content, sha256, nil))
        forEachPiece(size) { check(EVP_DigestUpdate(content, plain, Int($0))) }
        var digest = [UInt8](repeating: 0, count: 32)
        check(EVP_DigestFinal_ex(content, &digest, nil))
        return digest
    }

    func sign(_ size: Int) { makeSignature(hash(size)) }

    func verify(_ size: Int) {
        if signedDigest.isEmpty { sign(size) }
        _ = hash(size)
        let checking = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(checking) }
        check(EVP_DigestVerifyInit_ex(checking, nil, nil, context, nil, signer, nil))
        check(EVP_DigestVerify(checking, signature, 64, signedDigest, signedDigest.count))
    }
}
