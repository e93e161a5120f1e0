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
