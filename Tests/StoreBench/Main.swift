import Foundation
import TestSupport

// What accounts and certificates in number cost: requests of the control API against a bare route of Hummingbird,
// in interleaved rounds, with few and with many accounts; and the import of many certificates.
//
// WHOLE=1 takes a million accounts and 100,000 certificates, and some gigabytes of the temporary directory.

@main
struct Main {
    static let isWhole = ProcessInfo.processInfo.environment["WHOLE"] == "1"

    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        if let first = arguments.first, first == "bare", let socket = arguments.dropFirst().first {
            return try await BareServer.run(socket: socket)
        }
        guard arguments.isEmpty || arguments == ["api"] || arguments == ["import"] else {
            say("usage: store-bench [api|import]")
            exit(64)
        }
        guard geteuid() == 0, GuardDaemon.isAvailable else {
            say("store-bench: needs root, and guardd and guardctl beside it")
            exit(1)
        }
        if arguments != ["import"] { try APIBench().run() }
        if arguments != ["api"] { try ImportBench.run() }
    }
}

/// Cells in columns of a width.
func row(_ cells: [String], _ widths: [Int]) -> String {
    zip(cells, widths).map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }.joined()
}
