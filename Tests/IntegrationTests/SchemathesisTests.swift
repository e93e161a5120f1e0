import Foundation
import TestSupport
import Testing

private enum Schemathesis {
    /// Where `.ci/install-schemathesis` puts it.
    static let program: String? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let path = root.appendingPathComponent(".build/schemathesis/bin/schemathesis").path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()
}

/// The served description, tried by a program that knows nothing else of guardd: no server error, no answer that the
/// description does not allow. GUARDD_SCHEMATHESIS_EXAMPLES is the number of requests for each operation and phase.
@Suite(.enabled(if: Schemathesis.program != nil && GuardDaemon.isAvailable)) struct SchemathesisTests {
    @Test(arguments: ["positive", "all"]) func answersAreAsDescribed(_ mode: String) throws {
        let daemon = try GuardDaemon(rules: [.init(encrypt: "opportunistic")])
        let port = try SocketAddress.freePort()
        let credentials = daemon.directory.file("credentials")
        let secret = String(
            decoding: try Shell.check(
                Executable.path("guardctl"), ["credential", "create", "test", "--file", credentials]), as: UTF8.self
        ).trimmingCharacters(in: .whitespacesAndNewlines)
        chmod(credentials, 0o644)
        let socket = daemon.directory.file("run/control.sock")
        daemon.tables = """
            [control]
            socket = "\(socket)"
            tcp = "127.0.0.1:\(port)"
            plain_on_loopback = true
            support_credentials = "\(credentials)"
            mail_credentials = "\(credentials)"

            """
        try daemon.writeConfiguration()
        try daemon.start()
        defer { daemon.stop() }
        let session = String(decoding: try daemon.control(["session", "open", "alice@guard.test"]), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        try daemon.directory.write("schemathesis.toml", "[parameters]\nsession = \"\(session)\"\n")
        let connection = try TCPConnection(.unix(socket))
        try connection.write("GET /openapi.yaml HTTP/1.1\r\nHost: guardd\r\nConnection: close\r\n\r\n")
        let answer = try connection.readToEnd()
        let start = try #require(answer.firstRange(of: [13, 10, 13, 10])).upperBound
        try daemon.directory.write("api.yaml", Array(answer[start...]))
        let result = try Shell.run(
            try #require(Schemathesis.program),
            [
                "--config-file", daemon.directory.file("schemathesis.toml"), "run", daemon.directory.file("api.yaml"),
                "--url", "http://127.0.0.1:\(port)", "--auth", "test:\(secret)", "--mode", mode, "--phases",
                "examples,fuzzing", "--max-examples",
                ProcessInfo.processInfo.environment["GUARDD_SCHEMATHESIS_EXAMPLES"] ?? "5", "--checks",
                "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
                "--continue-on-failure", "--generation-deterministic", "--no-color",
            ])
        #expect(result.status == 0, "\(result.text.suffix(6000))")
    }
}
