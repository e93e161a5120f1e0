import Foundation
import MIME
import TestSupport
import Testing

@testable import KeyStore

/// Writers that are killed at random points. Ten rounds; GUARDD_SCALE=1 makes it two hundred.
@Suite(.serialized) struct StoreCrashTests {
    private static let rounds = ProcessInfo.processInfo.environment["GUARDD_SCALE"] == nil ? 10 : 200

    private let directory: TemporaryDirectory
    private let masterKey: String
    private let addresses = ["a@example.org", "b@example.org"]
    private var acknowledged: String { directory.file("acknowledged") }

    init() throws {
        directory = try TemporaryDirectory("crash")
        masterKey = directory.file("master.key")
        try MasterKey.create(path: masterKey)
        try directory.write("acknowledged", "")
    }

    private func writer(_ url: String, _ name: String, clients: Int) throws -> ChildProcess {
        try ChildProcess(
            Executable.path("store-writer"),
            [url, masterKey, acknowledged, name, "\(clients)"] + addresses, log: directory.file("log"))
    }

    private func lines() throws -> [Substring] {
        // A line that the kill cut short was not acknowledged.
        let text = String(decoding: try directory.read("acknowledged"), as: UTF8.self)
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    }

    private func waitForMore(_ count: Int, than before: Int, _ writers: [ChildProcess], _ name: String = "") throws {
        let came = try Wait.until(seconds: 60) {
            try lines().count { name.isEmpty || $0.contains("/\(name)-") } >= before + count
                || !writers.allSatisfy(\.isRunning)
        }
        try #require(came && writers.allSatisfy(\.isRunning), "\(writers.map(\.logText))")
    }

    /// Every acknowledged change is there, none is half there.
    private func check(_ store: KeyStore) throws {
        var whole: Set<String> = []
        var changes: [Substring: Int64] = [:]
        try store.database.read { connection in
            for row in try connection.rows("SELECT subject, COUNT(*) AS n FROM password_guess GROUP BY subject") {
                let subject = try row.text("subject")
                #expect(try row.integer("n") == 3)
                whole.insert(subject)
                changes[subject.prefix { $0 != "/" }, default: 0] += 1
            }
        }
        for line in try lines() { #expect(whole.contains(String(line))) }
        for text in addresses {
            let address = try #require(EmailAddress(text))
            let account = try #require(try store.account(for: address))
            #expect(account.version == changes["\(account.id)", default: 0])
        }
    }

    @Test(.onEachEngine) func writersAreKilled() throws {
        let location = try EngineUnderTest.location(directory.file("guardd.db"))
        let url: String =
            switch location {
            case .sqlite(let path): path
            case .postgres(let url): url
            }
        for round in 0..<Self.rounds {
            let writer = try writer(url, "r\(round)", clients: 8)
            try waitForMore(Int.random(in: 1...60), than: try lines().count, [writer])
            writer.killNow()
            let store = try KeyStore(url: url, master: MasterKey.load(path: masterKey))
            try check(store)
            if location.path != nil {
                let (integrity, orphans) = try store.database.read { connection in
                    (
                        try connection.row("PRAGMA integrity_check")?.text("integrity_check"),
                        try connection.rows("PRAGMA foreign_key_check").count
                    )
                }
                #expect(integrity == "ok")
                #expect(orphans == 0)
            }
            try store.close()
        }
    }

    @Test func oneOfTwoDaemonsIsKilledAndTheOtherGoesOn() throws {
        let url = try PostgresServer.shared().makeSchema(
            "two" + UUID().uuidString.lowercased().replacing("-", with: ""))
        let staying = try writer(url, "staying", clients: 4)
        defer { staying.killNow() }
        for round in 0..<Self.rounds {
            let dying = try writer(url, "dying\(round)", clients: 4)
            try waitForMore(Int.random(in: 1...40), than: 0, [staying, dying], "dying\(round)")
            dying.killNow()
            let before = try lines().count { $0.contains("/staying-") }
            try waitForMore(5, than: before, [staying], "staying")
        }
        staying.killNow()
        try check(KeyStore(url: url, master: MasterKey.load(path: masterKey)))
    }

    @Test func theServerCrashesUnderItsWriters() throws {
        let server = try PostgresServer()
        let url = try server.makeSchema("s")
        let writers = [try writer(url, "x", clients: 4), try writer(url, "y", clients: 4)]
        for _ in 0..<3 {
            try waitForMore(Int.random(in: 20...80), than: try lines().count, writers)
            server.stop(crash: true)
            try server.start()
        }
        try waitForMore(20, than: try lines().count, writers)
        for writer in writers { writer.killNow() }
        try check(KeyStore(url: url, master: MasterKey.load(path: masterKey)))
    }
}
