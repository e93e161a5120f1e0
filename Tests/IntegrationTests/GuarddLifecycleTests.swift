import Foundation
import TestSupport
import Testing

/// guardd as a process: start, reload, the two ways to stop, and what it says about each.
extension Integration {
    @Suite(.serialized) struct GuarddLifecycleTests {
        private static let bob = People.bob

        private func daemon() throws -> GuardDaemon {
            let daemon = try GuardDaemon(rules: [.init("required", recipient: "*", encrypt: "required", sign: "never")])
            try daemon.importPublic(try People.shared.get().theirs.publicKey(Self.bob))
            return daemon
        }

        private func check(_ text: String) throws -> Shell.Result {
            let folder = try TemporaryDirectory("gc")
            let path = try folder.write("guardd.toml", text)
            return try Shell.run(Executable.path("guardd"), ["--config", path, "--check-config"])
        }

        /// A client in the middle of an outbound message with a large body, its end not yet sent.
        private func sending(_ daemon: GuardDaemon, bytes: Int) throws -> MilterClient {
            let client = try MilterClient(path: daemon.socket)
            try client.negotiate()
            try client.macros(for: "C", [("{daemon_name}", "ORIGINATING")])
            try client.connect(host: "client.guard.test")
            try #require(try client.mail("<alice@guard.test>") == .init("c"))
            try #require(try client.recipient("<\(Self.bob)>") == .init("c"))
            try #require(try client.data() == .init("c"))
            for (name, value) in [("From", " alice@guard.test"), ("To", " \(Self.bob)"), ("Subject", " x")] {
                try client.header(name, value)
            }
            try #require(try client.endOfHeaders() == .init("c"))
            let line = [UInt8](repeating: 0x61, count: 62) + [13, 10]
            let chunk = [UInt8](repeatElement(line, count: 1000).joined())
            for _ in 0..<max(1, bytes / chunk.count) { try #require(try client.body(chunk) == .init("c")) }
            return client
        }

        @Test func checksTheConfiguration() throws {
            let right = try check("authserv_id = \"guardd.example.org\"\n")
            #expect(right.status == 0, "\(right.error)")
            let wrong = try check("authserv_id = \"x.test\"\nno_such_setting = 1\n")
            #expect(wrong.status == 78)
            #expect(wrong.error.contains("guardd.toml:2:"), "\(wrong.error)")
            #expect(try check("socket = \"tcp:1\"\n").status == 78)
            #expect(
                try Shell.run(Executable.path("guardd"), ["--config", "/nonexistent", "--check-config"]).status == 66)
            #expect(try Shell.run(Executable.path("guardd"), ["--no-such-option"]).status == 64)
        }

        @Test(.enabled(if: geteuid() == 0)) func refusesToRunAsRoot() throws {
            let daemon = try daemon()
            daemon.settings["user"] = nil
            try daemon.writeConfiguration()
            let result = try Shell.run(Executable.path("guardd"), ["--config", daemon.configuration])
            #expect(result.status == 77)
            #expect(result.error.contains("set user"))
        }

        @Test(.enabled(if: geteuid() == 0)) func dropsPrivilegesAndKeepsOthersOut() throws {
            let daemon = try daemon()
            try daemon.start()
            defer { daemon.stop() }
            let pid = try #require(daemon.pid)
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            let owner = try #require(getpwnam("postfix")?.pointee.pw_uid)
            #expect(status.contains("\nUid:\t\(owner)\t\(owner)\t\(owner)\t\(owner)\n"))
            #expect(status.contains("\nCapEff:\t0000000000000000\n"))
            let limits = try String(contentsOfFile: "/proc/\(pid)/limits", encoding: .utf8)
            let core = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
            #expect(core.split(separator: " ").contains("0"))
            // Not dumpable: what it owns in /proc belongs to root, not to its user.
            let mapOwner = try FileManager.default.attributesOfItem(atPath: "/proc/\(pid)/mem")[.ownerAccountID] as? Int
            #expect(mapOwner == 0)
            var information = stat()
            #expect(stat(daemon.socket, &information) == 0)
            #expect(information.st_mode & 0o777 == 0o660)

            let second = try Shell.run(Executable.path("guardd"), ["--config", daemon.configuration])
            #expect(second.status == 69)
            #expect(second.error.contains("another process answers"))
        }

        @Test func reloadsOrKeepsWhatItHas() throws {
            let daemon = try daemon()
            let manager = try NotifySocket()
            daemon.environment["NOTIFY_SOCKET"] = manager.path
            try daemon.start()
            defer { daemon.stop() }
            let pid = try #require(daemon.pid)
            #expect(try manager.receive().hasPrefix("READY=1\n"))

            let running = try sending(daemon, bytes: 1)
            daemon.rules = [.init("closed", recipient: "*", encrypt: "required", sign: "required")]
            daemon.settings["socket_group"] = "\"root\""
            try daemon.writeConfiguration()
            kill(pid, SIGUSR1)
            let reloading = try manager.receive()
            #expect(reloading.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
            #expect(try manager.receive().hasPrefix("READY=1\n"))
            #expect(daemon.log.contains("socket_group cannot change"))
            // The message in flight is still under the old rule.
            #expect(try running.endOfMessage().last == .init("c"))

            try daemon.directory.write("guardd.toml", "nonsense = [\n", mode: 0o644)
            kill(pid, SIGUSR1)
            #expect(try manager.receive().hasPrefix("RELOADING=1\n"))
            #expect(try manager.receive().contains("Reload failed"))
            #expect(daemon.log.contains("the previous configuration stays"))
        }

        @Test func drainsDuringTheEndOfAMessage() throws {
            let daemon = try daemon()
            let manager = try NotifySocket()
            daemon.environment["NOTIFY_SOCKET"] = manager.path
            try daemon.start()
            defer { daemon.stop() }
            let pid = try #require(daemon.pid)
            _ = try manager.receive()

            // The result is larger than the socket's buffers: until it is read the worker stands in the callback.
            let client = try sending(daemon, bytes: 4 << 20)
            let other = try MilterClient(path: daemon.socket)
            try other.negotiate()
            try other.connect(host: "late.guard.test")
            try client.send("E")
            let first = try client.receive()
            #expect("mihbp".contains(first.letter))
            kill(pid, SIGUSR2)
            #expect(try manager.receive().hasPrefix("STOPPING=1\n"))
            let refusal = Wait.until { (try? other.mail("<alice@guard.test>").text.hasPrefix("451 4.3.2 ")) == true }
            #expect(refusal)
            #expect(try client.results().last == .init("c"))
            #expect(daemon.process?.wait(seconds: 60) == 0)
            #expect(!FileManager.default.fileExists(atPath: daemon.socket))
        }

        @Test func endsAtOnceOnTheTermSignal() throws {
            let daemon = try daemon()
            try daemon.start()
            defer { daemon.stop() }
            let pid = try #require(daemon.pid)
            let client = try sending(daemon, bytes: 4 << 20)
            try client.send("E")
            _ = try client.receive()
            kill(pid, SIGTERM)
            #expect(daemon.process?.wait(seconds: 60) == 0)
            // Cut off before the last word: Postfix takes nothing of it and defers.
            #expect(throws: MilterClient.Failure.self) { try client.results() }
        }
    }
}

/// The service manager's end of sd_notify.
private final class NotifySocket {
    let path: String
    private let directory: TemporaryDirectory
    private let descriptor: Int32

    init() throws {
        directory = try TemporaryDirectory("sd", mode: 0o755)
        path = directory.file("notify")
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { [path] in $0.copyBytes(from: Array(path.utf8)) }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, chmod(path, 0o777) == 0 else { throw TestFailure("cannot bind \(path)") }
    }

    func receive() throws -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { throw TestFailure("no notification: errno \(errno)") }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    deinit { close(descriptor) }
}
