import Glibc
import TestSupport
import Testing

@testable import Libcrypto

@Suite struct SecretBytesTests {
    @Test func copiesAndCompares() throws {
        let a = SecretBytes(copying: [1, 2, 3])
        let b = SecretBytes(count: 3) { span in for index in 0..<3 { span[index] = UInt8(index + 1) } }
        #expect(a == b)
        #expect(a != SecretBytes(copying: [1, 2, 4]))
        #expect(a != SecretBytes(copying: [1, 2]))
        #expect(SecretBytes(copying: []) == SecretBytes(copying: []))
        #expect(a.withBytes { $0[2] } == 3)
        #expect(a.slice(1..<3) == SecretBytes(copying: [2, 3]))
        #expect(a.slice(1..<4) == nil)
    }

    @Test func thousandsOfSecretsShareLockedPages() throws {
        let before = SecretBytes.unlockedMappings
        let secrets = try (0..<5000).map { _ in try SecretBytes.random(count: 32) }
        #expect(Set(secrets.map { $0.withBytes { $0[0] } }).count > 100)
        #expect(SecretBytes.unlockedMappings == before)
    }

    /// In a process of its own, because the limit holds for all of it and root is exempt from it.
    @Test(.disabled(if: Sanitizer.isActive)) func secretsWorkWithoutLockedMemory() async {
        await #expect(processExitsWith: .exitCode(17)) {
            if getuid() == 0, setuid(65534) != 0 { exit(1) }
            var limit = rlimit(rlim_cur: 0, rlim_max: 0)
            guard setrlimit(__rlimit_resource_t(8), &limit) == 0 else { exit(2) }
            let before = SecretBytes.unlockedMappings
            let reports = Lock(0)
            SecretBytes.whenUnlocked { reports.withLock { $0 += 1 } }
            let small = (0..<10_000).map { index in SecretBytes(copying: [UInt8(truncatingIfNeeded: index), 7]) }
            let large = SecretBytes(copying: [UInt8](repeating: 9, count: 100_000))
            guard SecretBytes.unlockedMappings >= before + 2, reports.withLock({ $0 }) == 1 else { exit(3) }
            let isWhole = small.indices.allSatisfy { small[$0].withBytes { $0[0] } == UInt8(truncatingIfNeeded: $0) }
            guard isWhole, large.withBytes({ $0[99_999] }) == 9 else { exit(4) }
            // Whoever comes late hears of it, too.
            SecretBytes.whenUnlocked { reports.withLock { $0 += 1 } }
            guard reports.withLock({ $0 }) == 2 else { exit(5) }
            exit(17)
        }
    }

    @Test(arguments: [1, 32, 33, 4096, 4097, 70_000])
    func freshMemoryIsZero(_ count: Int) throws {
        for _ in 0..<3 {
            let secret = SecretBytes(count: count) { span in
                for index in 0..<count {
                    #expect(span[index] == 0)
                    span[index] = 0xAA
                }
            }
            #expect(secret.count == count)
        }
    }

    @Test func aFailedInitialiserLeavesNoSecret() {
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            _ = try SecretBytes(count: 32) { span in
                span[0] = 1
                throw Stop()
            }
        }
        _ = SecretBytes(count: 32) { span in #expect(span[0] == 0) }
    }

    @Test func constantTimeComparison() {
        #expect(constantTimeEqual([], []))
        #expect(constantTimeEqual([1, 2], [1, 2]))
        #expect(!constantTimeEqual([1, 2], [1, 3]))
        #expect(!constantTimeEqual([1, 2], [1, 2, 3]))
    }

    @Test func lockGuardsItsValue() async {
        let lock = Lock(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<1000 { lock.withLock { $0 += 1 } } } }
        }
        #expect(lock.withLock { $0 } == 8000)
    }
}
