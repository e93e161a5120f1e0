import Glibc

/// Time and memory of this process, in seconds and octets.
enum Clock {
    /// What this process spent on the processor: on a machine that others use too, the wall clock tells about them.
    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The best time of one call of `body`, repeated for about `seconds` in at least three batches. The best, because
    /// everything else that runs on the machine only ever adds.
    static func best(seconds: Double, _ body: () throws -> Void) rethrows -> Double {
        try body()
        let begin = now()
        try body()
        let once = max(now() - begin, 1e-7)
        // Batches long enough for the clock, short enough to fit between the interruptions.
        let batch = max(1, Int(0.004 / once))
        var best = Double.infinity
        var rounds = 0
        while rounds < 3 || now() - begin < seconds {
            let start = now()
            for _ in 0..<batch { try body() }
            best = min(best, (now() - start) / Double(batch))
            rounds += 1
        }
        return best
    }

    private static func status(_ name: String) -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix(name) else { continue }
            return (Int(text.filter(\.isNumber)) ?? 0) * 1024
        }
        return 0
    }

    /// By how much the resident memory of the process grew at its peak while `body` ran. Only the first run in a process
    /// counts: later ones find the memory of the first.
    static func peakMemory(_ body: () throws -> Void) rethrows -> Int {
        if let file = fopen("/proc/self/clear_refs", "w") {
            fputs("5", file)
            fclose(file)
        }
        let before = status("VmRSS:")
        try body()
        return max(0, status("VmHWM:") - before)
    }
}
