import Foundation
import TestSupport
import Testing

extension Integration {
    /// Many who are slow and some who ask for much, all at the control socket: mail and `GET /health` are answered as
    /// before.
    ///
    /// With GUARDD_SCALE=1 1,000 slow clients and 20 new keys of 4096 bits, while the time of both is measured and must
    /// stay within twice of what it was; else 100 and 2, and both must be answered at all.
    @Suite struct ControlLoad {
        private static let isWhole = ProcessInfo.processInfo.environment["GUARDD_SCALE"] == "1"
        private static let bob = "bob@elsewhere.test"

        private let guardd: GuardDaemon
        private let socket: String

        init() throws {
            guardd = try GuardDaemon(rules: [
                .init(recipient: "*", encrypt: "required", sign: "never", missingKey: "refuse")
            ])
            socket = guardd.directory.file("run/control.sock")
            guardd.tables = "[control]\nsocket = \"\(socket)\"\n\n[guard.keys]\nprofile = \"rsa4096\"\n"
            try guardd.writeConfiguration()
            let keys = try GnuPGHome()
            try keys.generate(Self.bob)
            try guardd.importPublic(keys.publicKey(Self.bob))
            try guardd.start()
            try Wait.untilListening(.unix(socket))
            // More files than a shell allows by itself.
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }

        /// One message to be encrypted, on a connection of its own as Postfix does it.
        private func mail() throws {
            let client = try MilterClient(path: guardd.socket)
            try client.negotiate()
            try client.macros(for: "C", [("{daemon_name}", "ORIGINATING")])
            try client.connect(host: "client.guard.test")
            _ = try client.mail("<alice@guard.test>")
            _ = try client.recipient("<\(Self.bob)>")
            _ = try client.data()
            for (name, value) in [("From", " alice@guard.test"), ("To", " \(Self.bob)"), ("Subject", " x")] {
                try client.header(name, value)
            }
            _ = try client.endOfHeaders()
            _ = try client.body(Array(String(repeating: "words and words\r\n", count: 100).utf8))
            let packets = try client.endOfMessage()
            guard packets.last?.letter == "c", packets.contains(where: { $0.letter == "b" }) else {
                throw TestFailure("not encrypted: \(packets.map(\.letter))")
            }
        }

        private func health() throws {
            let reply = try ControlClient(socket: socket).get("/health")
            guard reply.status == 200 else { throw TestFailure("health: \(reply.status)") }
        }

        /// Both at once, as long as `go` says.
        private func measure(_ count: Int, while go: @escaping @Sendable () -> Bool) throws -> (
            mail: LatencyProbe, health: LatencyProbe
        ) {
            let other = Box<Result<LatencyProbe, any Error>>()
            let done = DispatchSemaphore(value: 0)
            Thread {
                other.value = Result { try LatencyProbe(count: count, while: go, health) }
                done.signal()
            }.start()
            let mails = Result { try LatencyProbe(count: count, while: go, mail) }
            done.wait()
            return (try mails.get(), try #require(other.value).get())
        }

        @Test func mailAndHealthUnderSlowClientsAndNewKeys() throws {
            let (slow, keys) = Self.isWhole ? (1000, 20) : (100, 2)
            let count = Self.isWhole ? 1000 : 20
            // Keys are made one after the other.
            let client = ControlClient(socket: socket, timeout: 1800)
            let sessions = try (0..<keys).map { number in
                let reply = try client.post("/guardd/session?action=open", form: ["email": "u\(number)@guard.test"])
                return try #require((reply.object?["data"] as? [String: Any])?["session"] as? String, "\(reply.text)")
            }
            let before = try measure(count) { false }
            print("control load: before: mail \(before.mail.text); health \(before.health.text)")

            let clients = SlowClients(.unix(socket), count: slow)
            clients.start()
            let alone = try measure(count) { false }
            print("control load: \(slow) slow clients: mail \(alone.mail.text); health \(alone.health.text)")

            let made = Box<[StoryReply?]>()
            made.value = []
            let group = DispatchGroup()
            for session in sessions {
                group.enter()
                Thread {
                    let reply = try? client.post(
                        "/oxguard/keys?action=create&session=\(session)",
                        form: ["name": "x", "password": "correct horse battery"])
                    made.change { $0?.append(reply) }
                    group.leave()
                }.start()
            }
            let during = try measure(count) { (made.value ?? []).count < keys }
            group.wait()
            let losses = clients.stop()
            print(
                "control load: and \(keys) keys of RSA-4096: mail \(during.mail.text); health \(during.health.text); "
                    + "\(losses) slow clients were thrown out")
            let replies = made.value ?? []
            #expect(replies.count == keys)
            for reply in replies {
                #expect(reply?.isSuccess == true || reply?.status == 429, "\(reply?.text.prefix(200) ?? "no answer")")
            }
            #expect(replies.contains { $0?.isSuccess == true })
            guard Self.isWhole else { return }
            for (name, was, probe) in [
                ("mail", before.mail, alone.mail), ("health", before.health, alone.health),
                ("mail", before.mail, during.mail), ("health", before.health, during.health),
            ] {
                #expect(probe.p99 <= 2 * was.p99, "\(name): p99 \(probe.p99) ms, was \(was.p99) ms")
            }
        }
    }
}

/// A value that two threads share.
private final class Box<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var content: Value?
    var value: Value? {
        get { lock.withLock { content } }
        set { lock.withLock { content = newValue } }
    }

    func change(_ body: (inout Value?) -> Void) { lock.withLock { body(&content) } }
}
