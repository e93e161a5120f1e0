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
        let type = json == nil ? "application/x-www-form-urlencoded" : "application/json"
        var body = form.map { "\($0.key)=\(Self.encoded($0.value))" }.joined(separator: "&").utf8.map { $0 }
        if let json { body = Array(try JSONSerialization.data(withJSONObject: json)) }
        let connection = try TCPConnection(.unix(controlSocket))
        try connection.write(
            "POST \(target) HTTP/1.1\r\nHost: guardd\r\nConnection: close\r\nContent-Type: \(type)\r\n"
                + "Content-Length: \(body.count)\r\n\r\n")
        try connection.write(body)
        return try StoryReply(connection.readToEnd())
    }

    func get(_ target: String) throws -> StoryReply {
        let connection = try TCPConnection(.unix(controlSocket))
        try connection.write("GET \(target) HTTP/1.1\r\nHost: guardd\r\nConnection: close\r\n\r\n")
        return try StoryReply(connection.readToEnd())
    }

    private static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    /// The message that came out for an answer of Postfix.
    func delivered(_ reply: ServerReply) throws -> DeliveredMessage {
        guard reply.isPositive, let id = reply.queueID else {
            throw TestFailure("not accepted: \(reply)\n\(guardd.log.suffix(2000))")
        }
        return try sink.wait { $0.queueID == id }[0]
    }
}

/// An answer of the control socket.
struct StoryReply {
    let status: Int
    let body: [UInt8]
    var text: String { String(decoding: body, as: UTF8.self) }
    var object: [String: Any]? { try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] }

    init(_ answer: [UInt8]) throws {
        guard let end = answer.firstRange(of: [13, 10, 13, 10]),
            let status = Int(String(decoding: answer.prefix(12).suffix(3), as: UTF8.self))
        else { throw TestFailure("no answer: \(String(decoding: answer.prefix(200), as: UTF8.self))") }
        let head = String(decoding: answer[..<end.lowerBound], as: UTF8.self).lowercased()
        guard !head.contains("transfer-encoding: chunked") else { throw TestFailure("chunked answer") }
        self.status = status
        body = Array(answer[end.upperBound...])
    }
}
