import COpenSSL

/// Seals and opens the chunks of a stream with AES in an authenticated mode (RFC 9580 section 5.13.2). The key is set up
/// once; a chunk only needs its nonce. For one thread at a time, and best for one direction.
public final class AEADCipher {
    private let aead: AEADAlgorithm
    /// The mode itself, or for EAX the counter mode inside it.
    private let context: OpaquePointer
    private let omac: OMAC?
    private let key: SecretBytes
    /// libcrypto's OCB holds a key for one direction only.
    private var encrypts: Bool?

    private static let sizes = [16, 24, 32]
    private static let methods: [[LibraryContext.Fetched?]] = ["CTR", "OCB", "GCM"].map { mode in
        sizes.map { LibraryContext.cipher("AES-\($0 * 8)-\(mode)") }
    }

    /// Throws `unsupported` for a cipher that is not AES, `invalidParameter` for a key that does not have its size.
    public init(_ aead: AEADAlgorithm, _ cipher: SymmetricAlgorithm, key: SecretBytes) throws {
        guard [.aes128, .aes192, .aes256].contains(cipher) else {
            throw LibcryptoError(.unsupported, "\(aead) with \(cipher) is not supported")
        }
        guard key.count == cipher.keySize, let size = Self.sizes.firstIndex(of: key.count) else {
            throw LibcryptoError(.invalidParameter, "\(cipher) with a key of \(key.count) octets")
        }
        guard let method = Self.methods[aead.rawValue][size] else {
            throw LibcryptoError(.unsupported, "\(aead) is not available")
        }
        let omac = aead == .eax ? try OMAC(key: key) : nil
        guard let context = EVP_CIPHER_CTX_new() else {
            throw LibcryptoError.failure("EVP_CIPHER_CTX_new", .resourceExhausted)
        }
        let ready =
            method.withHandle { EVP_CipherInit_ex2(context, $0, nil, nil, 1, nil) } == 1
            && (aead == .eax
                || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, Int32(aead.nonceSize), nil) == 1)
        guard ready else {
            EVP_CIPHER_CTX_free(context)
            throw LibcryptoError.failure("AEAD set-up")
        }
        self.aead = aead
        self.context = context
        self.omac = omac
        self.key = key
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// Appends the ciphertext and its tag. A nonce must never be used twice with one key.
    public func seal(
        _ plaintext: Span<UInt8>, nonce: [UInt8], associatedData: [UInt8], into output: inout [UInt8]
    ) throws {
        let size = plaintext.count
        try check(size, nonce, associatedData)
        var sealed = false
        plaintext.withUnsafeBufferPointer { input in
            output.appendUninitialized(upTo: size + AEADAlgorithm.tagSize) { target in
                sealed =
                    if let omac {
                        sealEAX(omac, input, nonce, associatedData, target)
                    } else {
                        start(nonce, associatedData, encrypt: true) && run(input, target)
                            && EVP_CIPHER_CTX_ctrl(
                                context, EVP_CTRL_AEAD_GET_TAG, Int32(AEADAlgorithm.tagSize), target + size) == 1
                    }
                return sealed ? size + AEADAlgorithm.tagSize : 0
            }
        }
        guard sealed else { throw LibcryptoError.failure("AEAD encryption") }
    }

    /// Appends the plaintext. On a wrong tag it appends nothing and returns false; what it deciphered before is wiped.
    public func open(
        _ sealed: Span<UInt8>, nonce: [UInt8], associatedData: [UInt8], into output: inout [UInt8]
    ) throws -> Bool {
        let size = sealed.count - AEADAlgorithm.tagSize
        guard size >= 0 else { return false }
        try check(size, nonce, associatedData)
        var opened = false
        sealed.withUnsafeBufferPointer { input in
            guard let base = input.baseAddress else { return }
            let body = UnsafeBufferPointer(start: base, count: size)
            let tag = base + size
            output.appendUninitialized(upTo: size) { target in
                opened =
                    if let omac {
                        openEAX(omac, body, tag, nonce, associatedData, target)
                    } else {
                        start(nonce, associatedData, encrypt: false)
                            && EVP_CIPHER_CTX_ctrl(
                                context, EVP_CTRL_AEAD_SET_TAG, Int32(AEADAlgorithm.tagSize),
                                UnsafeMutablePointer(mutating: tag)) == 1
                            && run(body, target)
                    }
                if !opened { OPENSSL_cleanse(target, size) }
                return opened ? size : 0
            }
        }
        if !opened { ERR_clear_error() }
        return opened
    }

    private func check(_ size: Int, _ nonce: [UInt8], _ associatedData: [UInt8]) throws {
        guard size < 1 << 30, associatedData.count < 1 << 30 else {
            throw LibcryptoError(.invalidParameter, "an AEAD chunk above 1 GiB")
        }
        guard nonce.count == aead.nonceSize else {
            throw LibcryptoError(.invalidParameter, "\(aead) with a nonce of \(nonce.count) octets")
        }
    }

    private func start(_ nonce: [UInt8], _ associatedData: [UInt8], encrypt: Bool) -> Bool {
        let direction: Int32 = encrypt ? 1 : 0
        if encrypts != encrypt {
            guard key.withPointer({ EVP_CipherInit_ex2(context, nil, $0, nil, direction, nil) }) == 1 else {
                return false
            }
            encrypts = encrypt
        }
        var length: Int32 = 0
        return EVP_CipherInit_ex2(context, nil, nil, nonce, direction, nil) == 1
            && (associatedData.isEmpty
                || EVP_CipherUpdate(context, nil, &length, associatedData, Int32(associatedData.count)) == 1)
    }

    /// All of a chunk; when decrypting, libcrypto checks the tag at the end.
    private func run(_ input: UnsafeBufferPointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>) -> Bool {
        var written: Int32 = 0
        var rest: Int32 = 0
        // libcrypto takes a call without input for one without output: associated data.
        guard input.isEmpty || EVP_CipherUpdate(context, output, &written, input.baseAddress, Int32(input.count)) == 1,
            EVP_CipherFinal_ex(context, output + Int(written), &rest) == 1
        else { return false }
        return Int(written) + Int(rest) == input.count
    }

    // EAX (Bellare, Rogaway, Wagner: The EAX Mode of Operation): counter mode that starts at the hash of the nonce; the
    // tag is the sum of the hashes of nonce, associated data and ciphertext.

    private func sealEAX(
        _ omac: OMAC, _ input: UnsafeBufferPointer<UInt8>, _ nonce: [UInt8], _ associatedData: [UInt8],
        _ output: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        guard let start = omac.hash(.nonce, nonce), let header = omac.hash(.associatedData, associatedData),
            counter(start, input, output),
            let body = omac.hash(.ciphertext, UnsafeBufferPointer(start: output, count: input.count))
        else { return false }
        for index in 0..<AEADAlgorithm.tagSize {
            output[input.count + index] = start[index] ^ header[index] ^ body[index]
        }
        return true
    }

    private func openEAX(
        _ omac: OMAC, _ input: UnsafeBufferPointer<UInt8>, _ tag: UnsafePointer<UInt8>, _ nonce: [UInt8],
        _ associatedData: [UInt8], _ output: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        guard let start = omac.hash(.nonce, nonce), let header = omac.hash(.associatedData, associatedData),
            let body = omac.hash(.ciphertext, input)
        else { return false }
        let expected = (0..<AEADAlgorithm.tagSize).map { start[$0] ^ header[$0] ^ body[$0] }
        return CRYPTO_memcmp(expected, tag, AEADAlgorithm.tagSize) == 0 && counter(start, input, output)
    }

    private func counter(
        _ start: [UInt8], _ input: UnsafeBufferPointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        self.start(start, [], encrypt: true) && run(input, output)
    }
}
