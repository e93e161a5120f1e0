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
    }
    private static let state = Lock(State())

    /// How many mappings could not be locked in memory, usually because RLIMIT_MEMLOCK is too low. The secrets in them
    /// are still kept out of core dumps and cleansed.
    static var unlockedMappings: Int { state.withLock { $0.unlockedSlabs } }

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
        guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), base != MAP_FAILED
        else { preconditionFailure("out of memory for secrets") }
        madvise(base, size, MADV_DONTDUMP)
        if mlock(base, size) != 0 { state.unlockedSlabs += 1 }
        return base
    }

    /// At least `count` octets of zeros.
    static func allocate(_ count: Int) -> UnsafeMutableRawPointer {
        state.withLock { state in
            guard let index = sizeClass(count) else { return map(mappingSize(count), &state) }
            if let slot = state.free[index].popLast() { return slot }
            let base = map(slabSize, &state)
            let slot = smallestSlot << index
            for offset in stride(from: slabSize - slot, to: 0, by: -slot) { state.free[index].append(base + offset) }
            return base
        }
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
