import Foundation

/// What `/proc` says about processes: the only clock of the load runs that noise of other programs does not bend.
public enum ProcessUsage {
    /// One process.
    public struct Sample: Sendable {
        public let parent: pid_t
        /// User and system time with that of its reaped children, in seconds.
        public let seconds: Double
        /// Resident memory in bytes.
        public let resident: Int
    }

    public static func all() -> [pid_t: Sample] {
        var result: [pid_t: Sample] = [:]
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        for pid in names.compactMap({ pid_t($0) }) { result[pid] = sample(pid) }
        return result
    }

    public static func sample(_ pid: pid_t) -> Sample? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(end, offsetBy: 2)...].split(separator: " ")
        guard fields.count > 21, let parent = pid_t(fields[1]) else { return nil }
        let ticks = fields[11...14].reduce(0.0) { $0 + (Double($1) ?? 0) }
        return Sample(
            parent: parent, seconds: ticks / Double(sysconf(Int32(_SC_CLK_TCK))),
            resident: (Int(fields[21]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))))
    }

    /// CPU seconds of a process and everything below it.
    public static func treeSeconds(_ root: pid_t) -> Double {
        let samples = all()
        var sum = 0.0
        var pending = [root]
        var seen: Set<pid_t> = []
        while let pid = pending.popLast() {
            guard seen.insert(pid).inserted, let sample = samples[pid] else { continue }
            sum += sample.seconds
            pending += samples.filter { $0.value.parent == pid }.keys
        }
        return sum
    }

    /// CPU seconds of one process without its children, in nanoseconds and with threads that have ended (the ticks of
    /// `stat` are 10 ms, too coarse for a block of messages).
    public static func preciseSeconds(_ pid: pid_t) -> Double {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Highest resident memory so far, in bytes.
    public static func peakResident(_ pid: pid_t) -> Int { status(pid, "VmHWM:") }
    public static func resident(_ pid: pid_t) -> Int { status(pid, "VmRSS:") }

    private static func status(_ pid: pid_t, _ key: String) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(key) }) else { return 0 }
        return (line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0)
            * 1024
    }
}
