import Foundation
import Guard
import Libcrypto
import MIME
import TestSupport
import Testing

@testable import guardd

/// Passwords of mailboxes, asked of a real Dovecot.
@Suite(.enabled(if: getuid() == 0 && Shell.has("dovecot"))) struct DovecotVerifierTests {
    private static func verify(_ path: String, _ mailbox: String, _ password: String) throws -> Bool {
        let mailbox = try #require(EmailAddress(mailbox))
        return try DovecotVerifier(path: path).verify(
            mailbox: mailbox, password: SecretBytes(copying: Array(password.utf8)))
    }

    @Test func rightAndWrongPasswords() throws {
        let dovecot = try DovecotInstance(
            users: ["alice@example.org": "s3cret \u{e4}\u{1F511}", "bob@example.org": "other"])
        #expect(try Self.verify(dovecot.authSocket, "alice@example.org", "s3cret \u{e4}\u{1F511}"))
        #expect(try Self.verify(dovecot.authSocket, "bob@example.org", "other"))
        for (mailbox, password) in [
            ("alice@example.org", "other"), ("alice@example.org", ""), ("nobody@example.org", "other"),
            ("bob@example.org", "other\u{0}"), ("bob@example.org", "other\tuser=alice@example.org\nAUTH"),
        ] {
            #expect(try !Self.verify(dovecot.authSocket, mailbox, password))
        }
    }

    @Test func aServerThatIsNotThereIsUnavailable() throws {
        #expect(throws: GuardError(.unavailable, "")) {
            try Self.verify("/nonexistent/auth-client", "alice@example.org", "x")
        }
    }

    /// A server that answers one connection with what a test says, whatever it is asked.
    private final class Scripted {
        let folder: TemporaryDirectory
        var path: String { folder.file("socket") }
        private let listener: Int32

        init(_ answer: String) throws {
            folder = try TemporaryDirectory("script")
            let bound = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            listener = bound
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(folder.file("socket").utf8)) }
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(bound, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            guard status == 0, listen(bound, 1) == 0 else { throw TestFailure("no socket") }
            Thread {
                let connection = accept(bound, nil, nil)
                guard connection >= 0 else { return }
                _ = answer.withCString { write(connection, $0, strlen($0)) }
                shutdown(connection, Int32(SHUT_WR))
                var buffer = [UInt8](repeating: 0, count: 4096)
                while read(connection, &buffer, buffer.count) > 0 {}
                close(connection)
            }.start()
        }

        deinit {
            shutdown(listener, Int32(SHUT_RDWR))
            close(listener)
        }
    }

    private static let hello = "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\tx\nDONE\n"

    @Test(arguments: [
        "", "VERSION\t2\t0\nDONE\n", "VERSION\t1\t1\nMECH\tLOGIN\nDONE\n", hello, hello + "FAIL\t1\ttemp\n",
        hello + "FAIL\t1\tuser=x\tcode=temp_fail\n", hello + "CONT\t1\t\n", hello + "OK\t2\tuser=x\n",
        String(repeating: "x", count: 20_000), String(repeating: "SPID\t1\n", count: 300),
    ]) func whatIsNoAnswerIsNoPassword(_ script: String) throws {
        let server = try Scripted(script)
        #expect(throws: GuardError(.unavailable, "")) { try Self.verify(server.path, "alice@example.org", "x") }
    }

    @Test func answersOfOthersArePassedOver() throws {
        let good = try Scripted(Self.hello + "FAIL\t2\nOK\t1\tuser=x\n")
        #expect(try Self.verify(good.path, "alice@example.org", "x"))
        let bad = try Scripted(Self.hello + "OK\t2\tuser=x\nFAIL\t1\tuser=x\n")
        #expect(try !Self.verify(bad.path, "alice@example.org", "x"))
    }
}
