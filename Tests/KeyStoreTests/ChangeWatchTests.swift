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
