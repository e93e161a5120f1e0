import Testing

@testable import Libcrypto

struct BlockingPoolTests {
    @Test func resultsAndErrorsComeBack() async throws {
        struct Wrong: Error {}
        let pool = BlockingPool(threads: 2, queue: 1)
        #expect(try await pool.run { 7 } == 7)
        await #expect(throws: Wrong.self) { try await pool.run { throw Wrong() } }
    }

    @Test func everythingIsRunOnce() async throws {
        let pool = BlockingPool(threads: 3, queue: 1000)
        let sum = Lock(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...500 { group.addTask { try await pool.run { sum.withLock { $0 += number } } } }
            try await group.waitForAll()
        }
        #expect(sum.withLock { $0 } == 125_250)
    }

    @Test func refusesBeyondItsQueue() async throws {
        let pool = BlockingPool(threads: 1, queue: 1)
        let gate = Semaphore()
        let started = Semaphore()
        async let first: Void = pool.run {
            started.signal()
            gate.wait()
        }
        // On a thread of its own: waiting here would hold a thread of the cooperative pool.
        try await BlockingPool(threads: 1, queue: 0).run { started.wait() }
        async let second: Int = pool.run { 2 }
        while pool.load.waiting == 0 { await Task.yield() }
        await #expect(throws: BlockingPool.Full.self) { try await pool.run { 3 } }
        gate.signal()
        try await first
        #expect(try await second == 2)
    }
}
