import Foundation
import TestSupport
import Testing

/// A guardd with its control socket, a Postfix before it, and a client that speaks HTTP over that socket.
final class StoryLab: Sendable {
    let sink: SMTPSink
    let guardd: GuardDaemon
    let postfix: PostfixInstance
    let controlSocket: String

    /// - Parameters:
    ///   - settings: before the tables, as TOML values by key.
    ///   - tables: further tables, for the port on which Postfix takes mail that leaves.
    init(
        rules: [GuardDaemon.Rule], settings: [String: String] = [:], tables: (_ out: UInt16) -> String = { _ in "" }
    ) throws {
        sink = try SMTPSink()
        guardd = try GuardDaemon(rules: rules, settings: settings)
        controlSocket = guardd.directory.file("run/control.sock")
        postfix = try PostfixInstance(
            services: [
                .init("out", milters: [guardd.socket], settings: ["milter_macro_daemon_name": "ORIGINATING"]),
                .init("in", milters: [guardd.socket]),
            ], sink: sink)
        guardd.tables = "[control]\nsocket = \"\(controlSocket)\"\n\n" + tables(postfix.port("out"))
        try guardd.writeConfiguration()
        try guardd.start()
        try Wait.untilListening(.unix(controlSocket))
        try postfix.start()
    }

    deinit {
        postfix.stop()
        guardd.stop()
    }

    /// Opens a session for a mailbox, as a program that the administrator allowed.
    func session(_ address: String) throws -> String {
        String(decoding: try guardd.control(["session", "open", address]), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Sends a mail of a user who logged in.
    func send(
        from sender: String, to recipient: String, body: String = "Hello.\r\n", fields: [String] = []
    ) throws -> ServerReply {
        try SMTPClient.submit(
            port: postfix.port("out"), login: sender, from: sender, to: [recipient],
            data: TestMail.make(from: sender, to: recipient, fields: fields, body: body))
    }

    /// Brings a mail from outside, and gives what came out.
    func receive(_ mail: [UInt8], from sender: String, to recipient: String) throws -> DeliveredMessage {
        try delivered(
            SMTPClient.submit(
                port: postfix.port("in"), address: "192.0.2.9", from: sender, to: [recipient], data: mail))
    }

    /// Posts to an operation: with JSON or the parts of a multipart form where they are given, else with the fields of a
    /// form.
    func post(
        _ target: String, form: [String: String] = [:], json: [String: Any]? = nil,
        parts: [(String, [UInt8])]? = nil
    ) throws -> StoryReply {
        let client = ControlClient(socket: controlSocket)
        if let json { return try client.post(target, json: json) }
        if let parts { return try client.post(target, parts: parts) }
        return try client.post(target, form: form)
    }

    func get(_ target: String) throws -> StoryReply { try ControlClient(socket: controlSocket).get(target) }

    /// The message that came out for an answer of Postfix.
    func delivered(_ reply: ServerReply) throws -> DeliveredMessage {
        guard reply.isPositive, let id = reply.queueID else {
            throw TestFailure("not accepted: \(reply)\n\(guardd.log.suffix(2000))")
        }
        return try sink.wait { $0.queueID == id }[0]
    }
}

extension DeliveredMessage {
    /// The characters of a kind that follow a mark in a text that guardd wrote.
    func word(after mark: String, _ isPart: (Character) -> Bool) throws -> String {
        let text = self.text.replacingOccurrences(of: "=\r\n", with: "").replacingOccurrences(of: "=3D", with: "=")
        let range = try #require(text.firstRange(of: mark), "\(text)")
        return String(text[range.upperBound...].prefix(while: isPart))
    }
}

extension GnuPGHome {
    /// Opens the armor of an encrypted message with a key that has a password, and gives the body of what is in it.
    func body(of message: DeliveredMessage, password: String) throws -> String {
        let armor = try #require(message.parts.armor)
        let opened = try run(
            ["--pinentry-mode", "loopback", "--passphrase", password, "--decrypt"], input: armor)
        return String(decoding: MailParts(opened).body, as: UTF8.self)
    }
}
