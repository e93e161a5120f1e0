import TestSupport
import Testing

@testable import KeyStore

@Suite struct JournalTests {
    private final class Clock: @unchecked Sendable { var now: Int64 = 1000 }
    private let directory: TemporaryDirectory
    private let store: KeyStore
    private let clock = Clock()
    private let names: [[UInt8]] = [[1], [2], [3]]

    init() throws {
        directory = try TemporaryDirectory()
        let clock = clock
        store = try KeyStore(
            .sqlite(path: directory.file("store")), master: .random(), migrations: Schema.migrations,
            clock: { clock.now })
    }

    private func open(_ names: [[UInt8]]) throws -> KeyStore.DeliveryState {
        try store.openDelivery(names, patience: 60, lifetime: 600)
    }

    @Test func anAttemptKeepsOthersOut() throws {
        #expect(try open(names) == .ready(done: [], unsure: []))
        #expect(try open([[3], [4]]) == .busy)
        #expect(try open([[4]]) == .ready(done: [], unsure: []), "nothing of the refused one stayed")
    }

    @Test func aDeadAttemptIsDoubtful() throws {
        _ = try open(names)
        clock.now += 61
        #expect(try open(names) == .ready(done: [], unsure: Set(names)))
        #expect(try open(names) == .busy)
    }

    @Test func whatWasAcceptedStaysSoUntilTheEnd() throws {
        _ = try open(names)
        try store.acceptDelivery([[1]])
        try store.giveBackDelivery([[2]], isSure: true)
        try store.giveBackDelivery([[3]], isSure: false)
        #expect(try open(names) == .ready(done: [[1]], unsure: [[3]]))
        try store.closeDelivery(names)
        #expect(try open(names) == .ready(done: [], unsure: []))
    }

    @Test func tellsWhatIsUnfinished() throws {
        #expect(try store.hasNoDeliveries())
        _ = try open(names)
        #expect(try !store.hasNoDeliveries())
        #expect(try store.knowsDelivery([[9], [2]]))
        #expect(try !store.knowsDelivery([[9]]))
        try store.closeDelivery(names)
        #expect(try store.hasNoDeliveries() && !store.knowsDelivery(names))
    }

    @Test func entriesEnd() throws {
        _ = try open(names)
        try store.acceptDelivery(names)
        clock.now += 601
        #expect(try open(names) == .ready(done: [], unsure: []))
    }
}
