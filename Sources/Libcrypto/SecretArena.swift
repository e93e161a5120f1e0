import COpenSSL
import Glibc

/// Where secrets live: slabs of locked, undumpable memory cut into slots of one size class each, so that thousands of
/// small keys share a few locked pages instead of exhausting RLIMIT_MEMLOCK.
enum SecretArena {
    /// Octets of one slab; a multiple of every page size in use.
    private static let slabSize = 64 << 10
    /// Size classes are 32 << 0 ... 32 << 7; larger secrets get their own mapping.
    private static let smallestSlot = 32
    private static let classes = 8

    private struct State {
        var free: [[UnsafeMutableRawPointer]] = Array(repeating: [], count: SecretArena.classes)
        var unlockedSlabs = 0
        var report: (@Sendable () -> Void)?
    }
    private static let state = Lock(State())

    /// How many mappings could not be locked in memory, usually because RLIMIT_MEMLOCK is too low. The secrets in them
    /// are still kept out of core dumps and cleansed.
    static var unlockedMappings: Int { state.withLock { $0.unlockedSlabs } }

    /// Has `body` called once, at the first mapping that cannot be locked, or now if there was one.
    static func whenUnlocked(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.report = body }
        reportUnlocked()
    }

    /// Outside of the lock: whoever is told may have secrets of its own.
    private static func reportUnlocked() {
        let report: (@Sendable () -> Void)? = state.withLock { state in
            guard state.unlockedSlabs > 0 else { return nil }
            defer { state.report = nil }
            return state.report
        }
        report?()
    }

    private static func sizeClass(_ count: Int) -> Int? {
        var index = 0
        var size = smallestSlot
        while size < count {
            index += 1
            size <<= 1
        }
        return index < classes ? index : nil
    }

    private static func mappingSize(_ count: Int) -> Int { (count + slabSize - 1) / slabSize * slabSize }

    private static func map(_ size: Int, _ state: inout State) -> UnsafeMutableRawPointer {
        // Without any memory left, every other allocation of the process ends it, too: Swift knows no other way.
        guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), base != MAP_FAILED
        else { preconditionFailure("out of memory for secrets") }
        madvise(base, size, MADV_DONTDUMP)
        if mlock(base, size) != 0 { state.unlockedSlabs += 1 }
        return base
    }

    /// At least `count` octets of zeros.
    static func allocate(_ count: Int) -> UnsafeMutableRawPointer {
        let (pointer, isUnreported) = state.withLock { state in
            if let index = sizeClass(count), let slot = state.free[index].popLast() { return (slot, false) }
            return (make(count, &state), state.unlockedSlabs > 0 && state.report != nil)
        }
        if isUnreported { reportUnlocked() }
        return pointer
    }

    /// A slot or mapping of its own out of new memory.
    private static func make(_ count: Int, _ state: inout State) -> UnsafeMutableRawPointer {
        guard let index = sizeClass(count) else { return map(mappingSize(count), &state) }
        let base = map(slabSize, &state)
        let slot = smallestSlot << index
        for offset in stride(from: slabSize - slot, to: 0, by: -slot) { state.free[index].append(base + offset) }
        return base
    }

    /// Cleanses and returns a slot.
    static func release(_ pointer: UnsafeMutableRawPointer, _ count: Int) {
        OPENSSL_cleanse(pointer, count)
        if let index = sizeClass(count) {
            state.withLock { $0.free[index].append(pointer) }
        } else {
            munmap(pointer, mappingSize(count))
        }
    }
}
