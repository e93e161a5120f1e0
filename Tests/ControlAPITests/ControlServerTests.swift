import Foundation
import Libcrypto
import Logging
import TestSupport
import Testing

@testable import ControlAPI

@Suite struct ControlServerTests {
    func server(_ fixture: ControlFixture, _ listeners: [ControlServer.Listener]) -> ControlServer {
        var log = Logger(label: "test")
        log.logLevel = .critical
        return ControlServer(service: fixture.service, listeners: listeners, log: log)
    }

    /// Sends text, gives all that comes back until the server closes. On a thread of its own: the server needs those of
    /// the cooperative pool.
    func exchange(_ address: SocketAddress, _ text: String, endsOutput: Bool = false) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            PlainThread.start {
                continuation.resume(
                    with: Result {
                        let connection = try TCPConnection(address)
                        try connection.write(text)
                        if endsOutput { connection.endOutput() }
                        return String(decoding: try connection.readToEnd(), as: UTF8.self)
                    })
            }
        }
    }

    @Test func unixSocketWithItsModeAndPeer() async throws {
        var options = ControlOptions()
        options.supportUsers = [UInt32(getuid())]
        let fixture = try ControlFixture(options: options)
        let path = fixture.directory.file("control.sock")
        let server = server(fixture, [.unix(path: path, mode: 0o640, group: nil, owner: nil)])
        try server.start()
        defer { server.stop(seconds: 5) }
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o640)
        let health = try await exchange(.unix(path), "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(health.hasPrefix("HTTP/1.1 200 OK\r\n") && health.hasSuffix(#"{"status":"ok"}"#))
        // The kernel says who we are.
        let support = try await exchange(
            .unix(path), "POST /guardsupport/?action=remove_pin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(!support.contains("401"))
    }

    @Test func aLiveSocketIsLeftAloneAndAStaleOneReplaced() async throws {
        let fixture = try ControlFixture()
        let path = fixture.directory.file("control.sock")
        let listener = ControlServer.Listener.unix(path: path, mode: 0o600, group: nil, owner: nil)
        let first = server(fixture, [listener])
        try first.start()
        let second = server(fixture, [listener])
        #expect(throws: ControlError(.socketInUse, "")) { try second.start() }
        first.stop(seconds: 5)
        #expect(!FileManager.default.fileExists(atPath: path))
        try fixture.directory.write("control.sock", "")
        let third = server(fixture, [listener])
        try third.start()
        third.stop(seconds: 5)
        second.stop(seconds: 5)
    }

    @Test func brokenRequestsAndEarlyAnswers() async throws {
        var options = ControlOptions()
        options.maximumBody = 1000
        let fixture = try ControlFixture(options: options)
        let path = fixture.directory.file("control.sock")
        let server = server(fixture, [.unix(path: path, mode: 0o600, group: nil, owner: nil)])
        try server.start()
        defer { server.stop(seconds: 5) }
        #expect(try await exchange(.unix(path), "NONSENSE\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
        let large = try await exchange(
            .unix(path),
            "POST /oxguard/keys?action=create&session=x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\nabc")
        #expect(large.hasPrefix("HTTP/1.1 413 ") && large.contains("GRD-REQ-0005"))
        let chunked = try await exchange(
            .unix(path),
            "POST /oxguard/keys?action=create&session=x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n"
                + String(repeating: "a", count: 0x800) + "\r\n")
        #expect(chunked.hasPrefix("HTTP/1.1 413 "))
        let header = try await exchange(
            .unix(path), "GET /health HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "a", count: 40_000))\r\n\r\n")
        #expect(!header.hasPrefix("HTTP/1.1 200"))
    }

    @Test func slowClientsAreClosed() async throws {
        var options = ControlOptions()
        options.headTimeout = 1
        options.bodyTimeout = 1
        let fixture = try ControlFixture(options: options)
        let path = fixture.directory.file("control.sock")
        let server = server(fixture, [.unix(path: path, mode: 0o600, group: nil, owner: nil)])
        try server.start()
        defer { server.stop(seconds: 5) }
        // Each of these waits until the server loses patience.
        #expect(try await exchange(.unix(path), "") == "")
        #expect(try await exchange(.unix(path), "GET /health HTTP/1.1\r\nHos") == "")
        #expect(
            try await !exchange(
                .unix(path),
                "POST /oxguard/keys?action=create&session=x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"
            ).hasPrefix("HTTP/1.1 200"))
    }
}
