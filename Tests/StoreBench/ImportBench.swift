import Foundation
import OpenPGP
import TestSupport

/// `guardctl key import` of many certificates: rate, and memory that does not grow with their number.
enum ImportBench {
    static func run() throws {
        let sizes = Main.isWhole ? [10_000, 100_000] : [2000, 20_000]
        say("\nimport of certificates (Ed25519, Cv25519) by guardctl into SQLite, fsync for each 200")
        let widths = [14, 14, 16, 0]
        say(row(["certificates", "seconds", "per second", "peak memory, MiB"], widths))
        for count in sizes {
            let folder = try TemporaryDirectory("import", mode: 0o755)
            let ring = folder.file("ring.pgp")
            try write(count, to: ring)
            let guardd = try GuardDaemon(rules: [])
            let start = ContinuousClock.now
            let child = try ChildProcess(
                Executable.path("guardctl"), ["key", "import", "--config", guardd.configuration, ring],
                log: folder.file("log"))
            var peak = 0
            while child.isRunning {
                peak = max(peak, ProcessUsage.peakResident(child.pid))
                usleep(5000)
            }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let lines = child.logText.utf8.count { $0 == 10 }
            guard child.status == 0, lines == count else {
                throw TestFailure("import: \(child.status ?? -1), \(lines) lines: \(child.logText.suffix(500))")
            }
            let cells = [
                "\(count)", String(format: "%.1f", seconds), String(format: "%.0f", Double(count) / seconds),
                String(format: "%.1f", Double(peak) / 1_048_576),
            ]
            say(row(cells, widths))
        }
        say("aims: 2,000 per second; the same memory for all sizes")
    }

    /// A binary ring.
    private static func write(_ count: Int, to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let file = FileHandle(forWritingAtPath: path)
        else { throw TestFailure("cannot write \(path)") }
        defer { try? file.close() }
        for number in 0..<count {
            let key = try SecretCertificate.generate(
                userIDs: ["User \(number) <user\(number)@import.test>"], at: Timestamp(1_700_000_000))
            try file.write(contentsOf: Data(key.certificate.serialized()))
        }
    }
}
