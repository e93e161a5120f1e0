import Foundation
import TestSupport

/// A Postfix that sends everything by the last step, with the services that the project ships, as they are: only ports are
/// free ones.
final class LastStepLab: Sendable {
    static let shared = Result { try LastStepLab() }

    /// Everything that left. What is for `busy@localhost` is never taken.
    let outside: SMTPSink
    let guardd: GuardDaemon
    let postfix: PostfixInstance
    let reader: GnuPGHome
    private let forwards: TemporaryDirectory

    static let keeper = "keeper@localhost"
    /// Nobody has a key of theirs.
    static let stranger = "stranger@localhost"
    static let free = "free@localhost"
    static let busy = "busy@localhost"

    static let rules = [
        GuardDaemon.Rule("free", recipient: free, encrypt: "never", sign: "never"),
        GuardDaemon.Rule("busy", recipient: busy, encrypt: "never", sign: "never"),
        GuardDaemon.Rule("outgoing", recipient: "*", encrypt: "required", sign: "never", missingKey: "refuse"),
    ]

    private init() throws {
        outside = try SMTPSink { $0.step == .recipient && $0.recipients == [Self.busy] ? .refuse4 : nil }
        reader = try GnuPGHome()
        try reader.generate(Self.keeper)
        guardd = try GuardDaemon(rules: Self.rules)
        try guardd.importPublic(reader.publicKey(Self.keeper))
        forwards = try TemporaryDirectory("forward", mode: 0o755)
        let (last, filter) = (try SocketAddress.freePort(), try SocketAddress.freePort())
        postfix = try PostfixInstance(
            services: [
                .init("out", milters: [guardd.socket], settings: ["milter_macro_daemon_name": "ORIGINATING"]),
                .init("in"), .init("after", settings: ["content_filter": "smtp:[127.0.0.1]:\(filter)"]),
            ], snippet: PostfixInstance.shipped("master.cf.assert"), sink: outside,
            settings: [
                "default_transport": "assert:[127.0.0.1]:\(last)", "relay_transport": "assert:[127.0.0.1]:\(last)",
                "assert_destination_recipient_limit": "1",
                "assert_destination_concurrency_failed_cohort_limit": "1000",
                // Domains are looked up here, and their servers are on another port.
                "relayhost": "", "smtp_tcp_port": "\(outside.port)", "mydestination": "local.test",
                "forward_path": "\(forwards.path)/$user.forward",
                "alias_maps": "inline:{ {team=keeper@localhost, stranger@localhost} }",
                "recipient_delimiter": "+",
            ])
        guardd.tables = """
            [[proxy]]
            name = "last"
            role = "assert"
            listen = "127.0.0.1:\(last)"
            next_hop = "127.0.0.1:\(postfix.port("10029"))"

            [[proxy]]
            name = "filter"
            role = "after-queue"
            direction = "outbound"
            listen = "127.0.0.1:\(filter)"
            next_hop = "127.0.0.1:\(postfix.port("10029"))"

            """
        try guardd.writeConfiguration()
        try guardd.start()
        try postfix.start()
    }

    /// Where the mail of a user of this system goes on to.
    func forward(_ user: String, to addresses: [String]) throws {
        try forwards.write(
            "\(user).forward", Array((addresses.joined(separator: "\n") + "\n").utf8), mode: 0o644)
    }

    func hand(_ service: String, _ id: String, from sender: String = free, to recipients: [String]) throws
        -> ServerReply
    {
        try SMTPClient.submit(
            port: postfix.port(service), from: sender, to: recipients,
            data: TestMail.split(id, from: sender, to: recipients, body: "secret words of \(id)\r\n"))
    }

    func settle() throws {
        guard try Wait.until(seconds: 60, { try postfix.isQueueEmpty() }) else {
            throw TestFailure("the queue does not get empty\n\(postfix.log.suffix(3000))\n\(guardd.log.suffix(2000))")
        }
    }

    /// Who got a message in clear, in itself or in what is about it.
    func readers(_ id: String) -> [String] {
        outside.messages.filter { $0.text.contains("secret words of \(id)\r\n") }.flatMap(\.recipients)
    }
}
