import Foundation
import Glibc
import Libcrypto
import TestSupport
import Testing

@testable import KeyStore

/// The engine that a test's stores are kept by. `GUARDD_ENGINE=sqlite` or `postgres` leaves the other out.
enum EngineUnderTest: String, CaseIterable {
    case sqlite
    case postgres

    @TaskLocal static var current = EngineUnderTest.sqlite

    static var chosen: [EngineUnderTest] {
        let name = ProcessInfo.processInfo.environment["GUARDD_ENGINE"]
        return allCases.filter { name == nil || $0.rawValue == name }
    }

    private static let schemas = Lock<Set<String>>([])

    /// Where the store lies that a test gives this path: there, or in a schema of the server that is named after it.
    static func location(_ path: String) throws -> StoreLocation {
        guard current == .postgres else { return .sqlite(path: path) }
        let server = try PostgresServer.shared()
        let schema = "t" + path.lowercased().utf8.map { String($0, radix: 36) }.joined().suffix(60)
        let isNew = schemas.withLock { $0.insert(schema).inserted }
        if isNew { return .postgres(url: try server.makeSchema(schema)) }
        return .postgres(url: server.url(schema: schema))
    }
}

/// Runs a test on one engine after the other.
struct EachEngine: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        for engine in EngineUnderTest.chosen {
            try await EngineUnderTest.$current.withValue(engine) { try await function() }
        }
    }
}

extension Trait where Self == EachEngine {
    static var onEachEngine: EachEngine { EachEngine() }
}

extension KeyStore {
    convenience init(
        at path: String, master: MasterKey, readers: Int = 4, busyTimeout: Double = 5,
        migrations: [Migration] = Schema.migrations, maximumPages: Int? = nil,
        cacheLimits: CertificateCache.Limits = .init(),
        clock: @escaping @Sendable () -> Int64 = { Int64(time(nil)) }
    ) throws {
        try self.init(
            EngineUnderTest.location(path), master: master, readers: readers, busyTimeout: busyTimeout,
            migrations: migrations, maximumPages: maximumPages, cacheLimits: cacheLimits, clock: clock)
    }
}
