import TestSupport

/// guardd as a milter and as a proxy before LMTP, with servers around it that take as many as there may be.
final class LoadLab: @unchecked Sendable {
    enum Way: String { case milter, lmtp }

    let sink: SMTPSink
    let guardd: GuardDaemon
    let postfix: PostfixInstance
    private let lmtp: UInt16

    static func recipient(_ way: Way) -> String { way == .milter ? "bob@required.test" : "box@guard.test" }

    /// - Parameter budget: `memory_budget`; by default there is no bound that 200 sessions reach.
    init(budget: String? = nil) throws {
        sink = try SMTPSink(keepsMessages: false)
        guardd = try GuardDaemon(
            rules: [.init("all", recipient: "*", encrypt: "required", sign: "never", missingKey: "refuse")])
        guardd.settings["message_size_limit"] = "0"
        if let budget { guardd.settings["memory_budget"] = GuardDaemon.Rule.quoted(budget) }
        try guardd.importPublic(try People.shared.get().theirs.publicKey(People.bob))
        lmtp = try SocketAddress.freePort()
        postfix = try PostfixInstance(
            services: [.init("out", milters: [guardd.socket], settings: ["milter_macro_daemon_name": "ORIGINATING"])],
            sink: sink,
            settings: [
                "default_process_limit": "450", "message_size_limit": "0", "cleanup_message_size_limit": "0",
                "milter_content_timeout": "600s", "queue_minfree": "0",
            ])
        guardd.tables = """
            [[proxy]]
            name = "lmtp"
            role = "lmtp"
            listen = "127.0.0.1:\(lmtp)"
            next_hop = "127.0.0.1:\(sink.port)"

            """
        try guardd.writeConfiguration()
        try guardd.start()
        try postfix.start()
    }

    func port(_ way: Way) -> UInt16 { way == .milter ? postfix.port("out") : lmtp }

    func stop() {
        postfix.stop()
        guardd.stop()
        sink.stop()
    }

    /// A message that is written as it goes: whole it would be several times in memory.
    static func sendLarge(mebibytes: Int, port: UInt16, from sender: String) throws -> String {
        let client = try SMTPClient(port: port)
        client.setPatience(seconds: 1200)
        try client.greet(login: sender)
        for command in ["MAIL FROM:<\(sender)>", "RCPT TO:<\(recipient(.milter))>", "DATA"] {
            let reply = try client.command(command)
            guard reply.isPositive else { return reply.description }
        }
        try client.write(TestMail.make(from: sender, to: recipient(.milter), body: ""))
        let block = Array(TestMail.prose(bytes: 1 << 20).utf8)
        for _ in 0..<mebibytes { try client.write(block) }
        try client.write(".\r\n")
        let reply = try client.reply()
        client.quit()
        return reply.description
    }
}
