import COpenSSL

/// A running hash. Feed it, then `finish()` once.
public final class Digest {
    public let algorithm: HashAlgorithm
    private let context: OpaquePointer
    private var isBroken = false
    private var detector: CollisionDetectingSHA1?

    /// With `refusingCollisions`, SHA-1 over something made to collide gives no digest; other algorithms have no such
    /// weakness. Throws `unsupported` if this build of libcrypto lacks the algorithm.
    public init(_ algorithm: HashAlgorithm, refusingCollisions: Bool = false) throws {
        self.algorithm = algorithm
        guard let method = LibraryContext.digests[algorithm.rawValue] else {
            throw LibcryptoError(.unsupported, "hash \(algorithm) is not available")
        }
        guard let context = EVP_MD_CTX_new() else { throw LibcryptoError.failure("EVP_MD_CTX_new", .resourceExhausted) }
        guard method.withHandle({ EVP_DigestInit_ex2(context, $0, nil) }) == 1 else {
            EVP_MD_CTX_free(context)
            throw LibcryptoError.failure("EVP_DigestInit_ex2")
        }
        self.context = context
        detector = refusingCollisions && algorithm == .sha1 ? CollisionDetectingSHA1() : nil
    }

    private init(algorithm: HashAlgorithm, context: OpaquePointer, detector: CollisionDetectingSHA1?) {
        self.algorithm = algorithm
        self.context = context
        self.detector = detector
    }

    deinit { EVP_MD_CTX_free(context) }

    private func withHandle<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(context)
    }

    public func update(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { update($0) }
    }

    public func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { update($0) }
    }

    public func update(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBufferPointer { update($0) }
    }

    private func update(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count > 0 else { return }
        if withHandle({ EVP_DigestUpdate($0, bytes.baseAddress, bytes.count) }) != 1 { isBroken = true }
        detector?.update(bytes)
    }

    /// An independent copy of the state so far.
    public func copy() throws -> Digest {
        guard !isBroken, let fresh = EVP_MD_CTX_new() else {
            throw LibcryptoError.failure("EVP_MD_CTX_new", .resourceExhausted)
        }
        guard withHandle({ EVP_MD_CTX_copy_ex(fresh, $0) }) == 1 else {
            EVP_MD_CTX_free(fresh)
            throw LibcryptoError.failure("EVP_MD_CTX_copy_ex")
        }
        return Digest(algorithm: algorithm, context: fresh, detector: detector)
    }

    /// The digest. A second call, or one after a failed update or a refused collision, gives an empty array, which no
    /// digest equals.
    public func finish() -> [UInt8] {
        guard !isBroken, detector?.finish().collision != true else { return [] }
        isBroken = true
        var length: UInt32 = 0
        let digest = [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
            let done = withHandle { EVP_DigestFinal_ex($0, buffer.baseAddress, &length) } == 1
            count = done ? Int(length) : 0
        }
        return digest
    }

    /// The digest of one buffer.
    public static func hash(_ algorithm: HashAlgorithm, _ bytes: [UInt8]) throws -> [UInt8] {
        let digest = try Digest(algorithm)
        digest.update(bytes)
        return digest.finish()
    }
}
