import Foundation
import TestSupport
import Testing

/// A guardd with its control socket, a Postfix before it, and a client that speaks HTTP over that socket.
final class StoryLab {
    let sink: SMTPSink
    let guardd: GuardDaemon
    let postfix: PostfixInstance
    let controlSocket: String

    init(rules: [GuardDaemon.Rule], tables: String = "") throws {
        sink = try SMTPSink()
        guardd = try GuardDaemon(rules: rules)
        controlSocket = guardd.directory.file("run/control.sock")
        guardd.tables = "[control]\nsocket = \"\(controlSocket)\"\n\n" + tables
        try guardd.writeConfiguration()
        try guardd.start()
        try Wait.untilListening(.unix(controlSocket))
        postfix = try PostfixInstance(
            services: [
                .init("out", milters: [guardd.socket], settings: ["milter_macro_daemon_name": "ORIGINATING"]),
                .init("in", milters: [guardd.socket]),
            ], sink: sink)
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

    /// Posts to an operation: with JSON where it is given, else with the fields of a form.
    func post(_ target: String, form: [String: String] = [:], json: [String: Any]? = nil) throws -> StoryReply {
        let client = ControlClient(socket: controlSocket)
        return try json.map { try client.post(target, json: $0) } ?? client.post(target, form: form)
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
