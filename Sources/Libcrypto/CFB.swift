import COpenSSL

/// Encrypts a stream in cipher feedback mode with full blocks of feedback. One pass, any piece sizes.
public final class CFBEncryptor {
    private let context: OpaquePointer

    /// `iv` has the block size of the algorithm.
    public init(_ algorithm: SymmetricAlgorithm, key: SecretBytes, iv: [UInt8]) throws {
        context = try algorithm.context(ecb: false, key: key, iv: iv)
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    private func withHandle<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(context)
    }

    /// Appends as many octets as it is given, or none. Throws `internalFailure`.
    public func update(_ input: Span<UInt8>, into output: inout [UInt8]) throws {
        var isDone = true
        input.withUnsafeBufferPointer { input in
            guard let base = input.baseAddress else { return }
            output.appendUninitialized(upTo: input.count) { target in
                isDone = run(base, target, input.count)
                return isDone ? input.count : 0
            }
        }
        // With a valid context this cannot fail; if it ever does, clear text must not pass for ciphertext.
        guard isDone else { throw LibcryptoError.failure("EVP_EncryptUpdate") }
    }

    private func run(_ input: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>, _ count: Int) -> Bool {
        var offset = 0
        while offset < count {
            let step = min(count - offset, 1 << 30)
            var written: Int32 = 0
            let status = withHandle { EVP_EncryptUpdate($0, output + offset, &written, input + offset, Int32(step)) }
            guard status == 1, Int(written) == step else { return false }
            offset += step
        }
        return true
    }
}

/// Decrypts a stream in cipher feedback mode. Unlike encryption it has no chain: the keystream of many blocks is one
/// bulk call, which is ten times as fast.
public final class CFBDecryptor {
    private let context: OpaquePointer
    private let blockSize: Int
    /// The ciphertext block before the current one, which will be encrypted for the next keystream.
    private var feedback: [UInt8]
    /// Keystream of the current block and how much of it is used.
    private var keystream: [UInt8]
    private var used: Int
    private var bulk: [UInt8] = []
    private var hasFailed = false

    public init(_ algorithm: SymmetricAlgorithm, key: SecretBytes, iv: [UInt8]) throws {
        context = try algorithm.context(ecb: true, key: key, iv: iv)
        blockSize = algorithm.blockSize
        feedback = iv
        keystream = [UInt8](repeating: 0, count: blockSize)
        used = blockSize
    }

    deinit {
        EVP_CIPHER_CTX_free(context)
        bulk.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }

    private func encryptBlocks(_ input: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>, _ count: Int) {
        defer { withExtendedLifetime(self) {} }
        var written: Int32 = 0
        let status = EVP_EncryptUpdate(context, output, &written, input, Int32(count))
        if status != 1 || Int(written) != count { hasFailed = true }
    }

    private func nextKeystream() {
        feedback.withUnsafeBufferPointer { feedback in
            keystream.withUnsafeMutableBufferPointer { keystream in
                if let input = feedback.baseAddress, let output = keystream.baseAddress {
                    encryptBlocks(input, output, blockSize)
                }
            }
        }
        used = 0
    }

    /// Appends as many octets as it is given. Throws `internalFailure`; what is decrypted after that is nothing.
    public func update(_ input: Span<UInt8>, into output: inout [UInt8]) throws {
        input.withUnsafeBufferPointer { input in
            guard let base = input.baseAddress else { return }
            output.appendUninitialized(upTo: input.count) { target in
                run(base, target, input.count)
                return hasFailed ? 0 : input.count
            }
        }
        guard !hasFailed else { throw LibcryptoError.failure("EVP_EncryptUpdate") }
    }

    private func run(_ input: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>, _ count: Int) {
        var offset = partial(input, output, count)
        let piece = 16 << 10
        while count - offset >= blockSize {
            let step = min((count - offset) / blockSize * blockSize, piece)
            if bulk.count < step { bulk = [UInt8](repeating: 0, count: step) }
            feedback.withUnsafeBufferPointer { feedback in
                bulk.withUnsafeMutableBufferPointer { bulk in
                    guard let first = feedback.baseAddress, let stream = bulk.baseAddress else { return }
                    encryptBlocks(first, stream, blockSize)
                    if step > blockSize { encryptBlocks(input + offset, stream + blockSize, step - blockSize) }
                }
            }
            // The last ciphertext block is kept before the output, which may be the input's memory, is written.
            for index in 0..<blockSize { feedback[index] = input[offset + step - blockSize + index] }
            bulk.withUnsafeBufferPointer { bulk in
                guard let stream = bulk.baseAddress else { return }
                let source = input + offset
                let target = output + offset
                for index in 0..<step { target[index] = source[index] ^ stream[index] }
            }
            offset += step
        }
        if offset < count {
            nextKeystream()
            _ = partial(input + offset, output + offset, count - offset)
        }
    }

    /// Works off what is left of the current block's keystream; the ciphertext becomes the next feedback.
    private func partial(_ input: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int {
        var offset = 0
        while used < blockSize, offset < count {
            let byte = input[offset]
            output[offset] = byte ^ keystream[used]
            feedback[used] = byte
            used += 1
            offset += 1
        }
        return offset
    }
}
