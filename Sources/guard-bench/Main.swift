import Glibc

/// `guard-bench [core|smime] [--json] [--seconds N]`: what the cryptographic core costs against the least it could cost, and
/// S/MIME against libcrypto's own CMS. `guard-bench programs [RUNS]`: guard-sop, which lies beside it, against other
/// programs. `guard-bench timing [SAMPLES]`: whether time tells secrets.
@main
struct Main {
    static func main() throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        var seconds = 0.3
        let json = arguments.contains("--json")
        arguments.removeAll { $0 == "--json" }
        if let index = arguments.firstIndex(of: "--seconds"), arguments.indices.contains(index + 1),
            let value = Double(arguments[index + 1]), value > 0
        {
            seconds = value
            arguments.removeSubrange(index...index + 1)
        }
        if arguments.count == 3, arguments[0] == "peak", let size = Int(arguments[2]) {
            // Our own child, see `Child`.
            let smime = arguments[1].hasPrefix("smime-") ? try SMIMEBench(seconds: 0, json: false) : nil
            let peak = try smime?.peak(arguments[1], size)
            print(try peak ?? CoreBench(seconds: 0, json: false).peak(arguments[1], size))
            return
        }
        if arguments.first == "timing", arguments.count < 3, let samples = Int(arguments.dropFirst().first ?? "1000000")
        {
            exit(try TimingBench(samples: samples).run() ? 0 : 1)
        }
        if arguments.first == "programs", arguments.count < 3, let runs = Int(arguments.dropFirst().first ?? "200"),
            runs > 0
        {
            guard let bench = ProgramBench(runs: runs) else { exit(1) }
            return bench.run()
        }
        guard arguments.isEmpty || arguments == ["core"] || arguments == ["smime"] else {
            let usage = "usage: guard-bench [core|smime] [--json] [--seconds N] | programs [RUNS] | timing [SAMPLES]\n"
            _ = write(2, usage, usage.utf8.count)
            exit(64)
        }
        if arguments != ["smime"] { try CoreBench(seconds: seconds, json: json).run() }
        if arguments != ["core"] { try SMIMEBench(seconds: seconds, json: json).run() }
    }
}
