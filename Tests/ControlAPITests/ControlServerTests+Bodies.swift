import Foundation
import Guard
import HTTPTypes
import Libcrypto
import MIME
import TestSupport
import Testing

@testable import ControlAPI

/// Bodies that are too long, too slow or cut short.
extension ControlServerTests {
    private static let target = "POST /guardd/session?action=open HTTP/1.1\r\nHost: x\r\n"
    private static let form = "Content-Type: application/x-www-form-urlencoded\r\n"

    private func start(_ change: (inout ControlOptions) -> Void) throws -> (ControlFixture, ControlServer, String) {
        var options = ControlOptions()
        options.trustedUsers = [UInt32(getuid())]
        change(&options)
        let fixture = try ControlFixture(options: options)
        let path = fixture.directory.file("control.sock")
        let server = server(fixture, [.unix(path: path, mode: 0o600, group: nil, owner: nil)])
        try server.start()
        return (fixture, server, path)
    }

    private func hasAccount(_ fixture: ControlFixture, _ address: String) throws -> Bool {
        try fixture.store.account(for: try #require(EmailAddress(address))) != nil
    }

    /// What came of a request is done only where all of it came.
    @Test func cutBodiesAreNotActedOn() async throws {
        let (fixture, server, path) = try start {
            $0.bodyTimeout = 2
            $0.headTimeout = 2
        }
        defer { server.stop(seconds: 5) }
        let body = "email=whole@example.org"
        let right = try await exchange(
            .unix(path),
            Self.target + Self.form + "Connection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body)
        #expect(right.contains("\"session\""))
        #expect(try hasAccount(fixture, "whole@example.org"))
        let chunk = "email=cut@example.org"
        let size = String(chunk.utf8.count, radix: 16)
        for (what, request) in [
            ("a length", Self.form + "Content-Length: 100\r\n\r\n" + chunk),
            ("chunks without the last", Self.form + "Transfer-Encoding: chunked\r\n\r\n\(size)\r\n\(chunk)\r\n"),
            ("half a chunk", Self.form + "Transfer-Encoding: chunked\r\n\r\n\(size)0\r\n\(chunk)"),
            ("half a last chunk", Self.form + "Transfer-Encoding: chunked\r\n\r\n\(size)\r\n\(chunk)\r\n0\r\n"),
        ] {
            for endsOutput in [true, false] {
                let reply = try await exchange(.unix(path), Self.target + request, endsOutput: endsOutput)
                #expect(!reply.hasPrefix("HTTP/1.1 200"), "\(what): \(reply)")
                #expect(try !hasAccount(fixture, "cut@example.org"), "\(what)")
            }
        }
    }

    @Test func slowBodiesGet408AndOthersAreServed() async throws {
        let (fixture, server, path) = try start { $0.bodyTimeout = 1 }
        // The socket lies in the directory of the fixture.
        defer { withExtendedLifetime(fixture) { server.stop(seconds: 5) } }
        async let slow = exchange(.unix(path), Self.target + Self.form + "Content-Length: 100\r\n\r\nemail=")
        async let chunked = exchange(
            .unix(path), Self.target + Self.form + "Transfer-Encoding: chunked\r\n\r\n6\r\nemail=\r\n")
        let health = try await exchange(.unix(path), "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(health.hasPrefix("HTTP/1.1 200 "))
        for reply in [try await slow, try await chunked] {
            #expect(reply.hasPrefix("HTTP/1.1 408 "), "\(reply)")
            #expect(reply.lowercased().contains("connection: close\r\n"), "\(reply)")
        }
    }

    /// Who announces much and sends little holds nothing back; what is there counts.
    @Test func announcedBodiesTakeNothingFromOthers() async throws {
        let (fixture, server, path) = try start {
            $0.maximumBody = 1 << 20
            $0.bodyBudget = 2 << 20
        }
        defer { withExtendedLifetime(fixture) { server.stop(seconds: 1) } }
        func open(_ length: String, _ sent: Int) throws -> TCPConnection {
            let connection = try TCPConnection(.unix(path))
            try connection.write(Self.target + Self.form + "\(length)\r\n\r\n" + String(repeating: "a", count: sent))
            return connection
        }
        var waiting: [TCPConnection] = []
        for number in 0..<20 {
            waiting.append(
                try open(number % 2 == 0 ? "Content-Length: \(1 << 20)" : "Transfer-Encoding: chunked", 0))
        }
        let body = "email=alice@example.org"
        let request =
            Self.target + Self.form + "Connection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body
        #expect(try await exchange(.unix(path), request).hasPrefix("HTTP/1.1 200 "))
        // Two of nearly the longest that wait for their last octet fill it.
        for _ in 0..<2 { waiting.append(try open("Content-Length: \(1 << 20)", (1 << 20) - 1)) }
        var last = ""
        for _ in 0..<100 where !last.hasPrefix("HTTP/1.1 429 ") { last = try await exchange(.unix(path), request) }
        #expect(last.hasPrefix("HTTP/1.1 429 ") && last.contains("GRD-SRV-0001"), "\(last)")
        for connection in waiting { connection.shut() }
        for _ in 0..<100 where !last.hasPrefix("HTTP/1.1 200 ") { last = try await exchange(.unix(path), request) }
        #expect(last.hasPrefix("HTTP/1.1 200 "), "\(last)")
    }
}
