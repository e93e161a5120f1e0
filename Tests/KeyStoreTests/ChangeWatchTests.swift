import Foundation
import TestSupport
import Testing

@testable import KeyStore

@Suite struct ChangeWatchTests {
    private let directory: TemporaryDirectory
    private let watch: ChangeWatch
    private var log: String { directory.file("store-wal") }

    init() throws {
        directory = try TemporaryDirectory("watch")
        watch = ChangeWatch(database: directory.file("store"))
    }

    private func write(_ text: String, secondsAgo: TimeInterval) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: log))
        let date = Date(timeIntervalSinceNow: -secondsAgo)
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: log)
    }

    @Test func remembersWhileNothingIsWritten() throws {
        try write("a", secondsAgo: 100)
        #expect(watch.counter(now: 0) { 1 } == 1)
        #expect(watch.counter(now: 500_000_000) { 2 } == 1)
        // Not for longer than a second.
        #expect(watch.counter(now: 1_000_000_001) { 3 } == 3)
    }

    @Test func looksAgainAfterAWrite() throws {
        try write("a", secondsAgo: 100)
        #expect(watch.counter(now: 0) { 1 } == 1)
        try write("b", secondsAgo: 50)
        #expect(watch.counter(now: 1) { 2 } == 2)
        try write("longer", secondsAgo: 50)
        #expect(watch.counter(now: 2) { 3 } == 3)
    }

    /// A commit that was written may count only later: what is read is trusted for as long as nothing was written before.
    @Test func trustsForAsLongAsTheFileWasQuiet() throws {
        try write("a", secondsAgo: 0.4)
        #expect(watch.counter(now: 0) { 1 } == 1)
        #expect(watch.counter(now: 400_000_000) { 2 } == 1)
        // However long this test takes, it is less than half a second more.
        #expect(watch.counter(now: 1_000_000_001) { 3 } == 3)
    }

    @Test func commitsOfThisProcessCountAtOnce() throws {
        try write("a", secondsAgo: 100)
        #expect(watch.counter(now: 0) { 1 } == 1)
        watch.forget()
        #expect(watch.counter(now: 1) { 2 } == 2)
        // One that comes while the old state is read.
        watch.forget()
        let read = watch.counter(now: 2) {
            watch.forget()
            return 2
        }
        #expect(read == 2)
        #expect(watch.counter(now: 3) { 3 } == 3)
    }

    /// A file system that knows whole seconds only: within the second nothing is trusted.
    @Test func wholeSecondsAreCoarse() throws {
        var second: TimeInterval
        var counters: [Int64]
        repeat {
            second = Date().timeIntervalSince1970.rounded(.down)
            try Data("a".utf8).write(to: URL(fileURLWithPath: log))
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: second)], ofItemAtPath: log)
            counters = [watch.counter(now: 0) { 1 }, watch.counter(now: 0) { 2 }]
        } while Date().timeIntervalSince1970 >= second + 1
        #expect(counters == [1, 2])
    }

    @Test func trustsNoFileThatWasJustWritten() throws {
        // In the future is like just now: the clock was set back.
        try write("a", secondsAgo: -100)
        #expect(watch.counter(now: 0) { 1 } == 1)
        #expect(watch.counter(now: 0) { 2 } == 2)
    }

    @Test func doesWithoutAFile() {
        #expect(watch.counter(now: 0) { 1 } == 1)
        #expect(watch.counter(now: 0) { 2 } == 2)
    }
}
