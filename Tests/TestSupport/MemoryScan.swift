import Glibc

/// Looks through the whole memory of this process for a secret that should be gone.
public enum MemoryScan {
    /// How often the octets of `canary` stand in readable, writable memory of this process. The canary is given XOR 0xA5, so that
    /// the searcher does not find its own copy.
    public static func occurrences(ofMasked canary: [UInt8]) throws -> Int {
        precondition(canary.count >= 8, "a shorter canary is found by chance")
        let maps = try read("/proc/self/maps")
        let memory = open("/proc/self/mem", O_RDONLY)
        guard memory >= 0 else { throw POSIXFailure(code: errno) }
        defer { close(memory) }
        var found = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let overlap = canary.count - 1
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
            let columns = line.split(separator: " ", omittingEmptySubsequences: true)
            guard columns.count >= 2, columns[1].hasPrefix("rw") else { continue }
            let range = columns[0].split(separator: "-")
            guard range.count == 2, let start = UInt64(range[0], radix: 16), let end = UInt64(range[1], radix: 16)
            else {
                continue
            }
            var position = start
            while position < end {
                let wanted = min(UInt64(buffer.count), end - position)
                let got = pread(memory, &buffer, Int(wanted), off_t(truncatingIfNeeded: position))
                guard got > overlap else { break }
                found += count(canary, in: buffer, upTo: got)
                // The buffer itself is part of the memory that is read: leave nothing of it behind.
                for index in 0..<got { buffer[index] = 0 }
                if UInt64(got) == end - position { break }
                position += UInt64(got - overlap)
            }
        }
        return found
    }

    public struct POSIXFailure: Error { public let code: Int32 }

    private static func count(_ masked: [UInt8], in buffer: [UInt8], upTo limit: Int) -> Int {
        buffer.withUnsafeBufferPointer { bytes in
            masked.withUnsafeBufferPointer { masked in
                guard let base = bytes.baseAddress else { return 0 }
                let first = Int32(masked[0] ^ 0xA5)
                var hits = 0
                var position = 0
                while position + masked.count <= limit,
                    let match = memchr(base + position, first, limit - position - masked.count + 1)
                {
                    position = UnsafeRawPointer(match) - UnsafeRawPointer(base)
                    var index = 1
                    while index < masked.count, base[position + index] == masked[index] ^ 0xA5 { index += 1 }
                    if index == masked.count { hits += 1 }
                    position += 1
                }
                return hits
            }
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw POSIXFailure(code: errno) }
        defer { close(descriptor) }
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let got = Glibc.read(descriptor, &buffer, buffer.count)
            guard got > 0 else { return result }
            result += buffer[..<got]
        }
    }
}
