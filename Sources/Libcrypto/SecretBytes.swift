import COpenSSL

/// A secret of fixed size: a key, password or private parameter. Its memory is locked, left out of core dumps and
/// cleansed when the last reference goes; it never changes after initialisation, so it may be shared.
public final class SecretBytes: @unchecked Sendable, Equatable {
    private let pointer: UnsafeMutableRawPointer
    /// Length in octets.
    public let count: Int

    /// Fills a new secret in place, so that no copy is left elsewhere. The span holds zeros first.
    public init(count: Int, initializingWith body: (inout MutableSpan<UInt8>) throws -> Void) rethrows {
        let slot = SecretArena.allocate(count)
        do {
            var span = MutableSpan<UInt8>(_unsafeStart: slot.assumingMemoryBound(to: UInt8.self), count: count)
            try body(&span)
        } catch {
            SecretArena.release(slot, count)
            throw error
        }
        pointer = slot
        self.count = count
    }

    /// For calls of C: fills through a raw pointer.
    package init(raw count: Int, unsafe body: (UnsafeMutablePointer<UInt8>) throws -> Void) rethrows {
        let slot = SecretArena.allocate(count)
        do { try body(slot.assumingMemoryBound(to: UInt8.self)) } catch {
            SecretArena.release(slot, count)
            throw error
        }
        pointer = slot
        self.count = count
    }

    public convenience init(copying bytes: [UInt8]) {
        self.init(
            raw: bytes.count,
            unsafe: { target in
                bytes.withUnsafeBufferPointer { source in
                    if let base = source.baseAddress { target.update(from: base, count: source.count) }
                }
            })
    }

    public convenience init(copying bytes: Span<UInt8>) {
        self.init(
            raw: bytes.count,
            unsafe: { target in
                bytes.withUnsafeBufferPointer { source in
                    if let base = source.baseAddress { target.update(from: base, count: source.count) }
                }
            })
    }

    deinit { SecretArena.release(pointer, count) }

    /// Fresh random octets from libcrypto's private generator, or the kernel's.
    public static func random(count: Int) throws -> SecretBytes {
        try SecretBytes(
            raw: count,
            unsafe: { target in
                let isFilled = SecureRandom.fill(target, count) { RAND_priv_bytes_ex(LibraryContext.shared, $0, $1, 0) }
                guard count == 0 || isFilled else {
                    throw LibcryptoError.failure("RAND_priv_bytes_ex", .resourceExhausted)
                }
            })
    }

    /// Lends the octets for the duration of `body`.
    public func withBytes<R>(_ body: (Span<UInt8>) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(Span(_unsafeStart: UnsafePointer(pointer.assumingMemoryBound(to: UInt8.self)), count: count))
    }

    /// Lends the octets to a C call; the pointer is never nil, even for an empty secret.
    package func withPointer<R>(_ body: (UnsafePointer<UInt8>) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafePointer(pointer.assumingMemoryBound(to: UInt8.self)))
    }

    /// Part of this secret as a secret of its own; nil if the range lies outside.
    public func slice(_ range: Range<Int>) -> SecretBytes? {
        guard range.lowerBound >= 0, range.upperBound <= count else { return nil }
        return SecretBytes(
            raw: range.count, unsafe: { $0.update(from: withPointer { $0 + range.lowerBound }, count: range.count) })
    }

    /// Compares in time that depends on the lengths only.
    public static func == (a: SecretBytes, b: SecretBytes) -> Bool {
        a.withBytes { a in b.withBytes { b in constantTimeEqual(a, b) } }
    }

    /// How many mappings of secret memory the system refused to lock (RLIMIT_MEMLOCK too low), for a metric.
    public static var unlockedMappings: Int { SecretArena.unlockedMappings }

    /// Has `body` called once: at the first mapping that the system refuses to lock, or now if there was one. The secrets in
    /// it may reach the swap space; they still stay out of core dumps and are cleansed. A later `body` takes its place.
    public static func whenUnlocked(_ body: @escaping @Sendable () -> Void) { SecretArena.whenUnlocked(body) }
}

/// Compares in time that depends on the lengths only.
public func constantTimeEqual(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    if a.count == 0 { return true }
    return a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in CRYPTO_memcmp(a.baseAddress, b.baseAddress, a.count) == 0 }
    }
}

/// Compares in time that depends on the lengths only.
public func constantTimeEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool { constantTimeEqual(a.span, b.span) }
