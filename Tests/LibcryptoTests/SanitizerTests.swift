import Foundation
import TestSupport
import Testing

private let sanitizer = ProcessInfo.processInfo.environment["GUARDD_SANITIZER"]
private let mistake = ProcessInfo.processInfo.environment["GUARDD_MISTAKE"]

/// A sanitizer that finds nothing may be asleep: these tests make a mistake in a child process and want to see it reported.
/// They run where `make test-asan` and `make test-tsan` say which sanitizer there is.
@Suite struct SanitizerTests {
    /// This program again, with one of the tests below that exist only there.
    private func child(making mistake: String, in test: String) throws -> Shell.Result {
        try Shell.run(
            "/proc/self/exe", ["--testing-library", "swift-testing", "--filter", test],
            environment: ["GUARDD_MISTAKE": mistake, "SWIFT_BACKTRACE": "enable=no"])
    }

    @Test(.enabled(if: sanitizer == "thread")) func theThreadSanitizerIsLive() throws {
        let result = try child(making: "race", in: "twoThreadsWithoutALock")
        #expect(result.status != 0)
        let report = result.error + result.text
        #expect(report.contains("ThreadSanitizer: ") && report.contains("race"), "\(report.suffix(2000))")
    }

    @Test(.enabled(if: sanitizer == "address")) func theAddressSanitizerIsLive() throws {
        let result = try child(making: "overflow", in: "oneOctetTooFar")
        #expect(result.status != 0)
        #expect((result.error + result.text).contains("heap-buffer-overflow"), "\(result.error.suffix(2000))")
    }

    /// Racy on purpose.
    @Test(.enabled(if: mistake == "race")) func twoThreadsWithoutALock() {
        final class Shared: @unchecked Sendable { var value = 0 }
        let shared = Shared()
        let group = DispatchGroup()
        for _ in 0..<2 {
            group.enter()
            Thread {
                for _ in 0..<10_000 { shared.value &+= 1 }
                group.leave()
            }.start()
        }
        group.wait()
        #expect(shared.value > 0)
    }

    /// Out of bounds on purpose.
    @Test(.enabled(if: mistake == "overflow")) func oneOctetTooFar() {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: 16)
        memory.initialize(repeating: 1, count: 16)
        defer { memory.deallocate() }
        #expect(memory[16 + mistakeOffset] != 255)
    }

    /// Not known to the optimizer.
    private var mistakeOffset: Int { mistake == nil ? -1 : 0 }
}
