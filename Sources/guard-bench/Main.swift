import Glibc

/// `guard-bench [core] [--json] [--seconds N]`: what the cryptographic core costs against the least it could cost.
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
            print(try CoreBench(seconds: 0, json: false).peak(arguments[1], size))
            return
        }
        guard arguments.isEmpty || arguments == ["core"] else {
            let usage = "usage: guard-bench [core] [--json] [--seconds N]\n"
            _ = write(2, usage, usage.utf8.count)
            exit(64)
        }
        try CoreBench(seconds: seconds, json: json).run()
    }
}
