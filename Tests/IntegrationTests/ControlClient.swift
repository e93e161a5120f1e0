import Foundation
import TestSupport

/// Speaks HTTP to the control socket of a guardd, one request on each connection.
struct ControlClient: Sendable {
    let address: SocketAddress
    /// Seconds to wait for an answer.
    let timeout: Int

    init(socket: String, timeout: Int = 120) {
        address = .unix(socket)
        self.timeout = timeout
    }

    func get(_ target: String) throws -> StoryReply { try request("GET", target, nil, []) }

    /// Posts the fields of a form.
    func post(_ target: String, form: [String: String] = [:]) throws -> StoryReply {
        let body = form.map { "\($0.key)=\(Self.encoded($0.value))" }.joined(separator: "&")
        return try request("POST", target, "application/x-www-form-urlencoded", Array(body.utf8))
    }

    func post(_ target: String, json: [String: Any]) throws -> StoryReply {
        try request("POST", target, "application/json", Array(JSONSerialization.data(withJSONObject: json)))
    }

    /// Posts a multipart form.
    func post(_ target: String, parts: [(String, [UInt8])]) throws -> StoryReply {
        var body: [UInt8] = []
        for (name, content) in parts {
            body += Array("--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n".utf8) + content + [13, 10]
        }
        return try request("POST", target, "multipart/form-data; boundary=b", body + Array("--b--\r\n".utf8))
    }

    private func request(_ method: String, _ target: String, _ type: String?, _ body: [UInt8]) throws -> StoryReply {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: guardd\r\nConnection: close\r\n"
        if let type { head += "Content-Type: \(type)\r\nContent-Length: \(body.count)\r\n" }
        let connection = try TCPConnection(address, timeout: timeout)
        try connection.write(Array((head + "\r\n").utf8) + body)
        return try StoryReply(connection.readToEnd())
    }

    private static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }
}

/// An answer of the control socket.
struct StoryReply {
    let status: Int
    let body: [UInt8]
    var text: String { String(decoding: body, as: UTF8.self) }
    var object: [String: Any]? { try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] }
    /// Whether it says that what was asked for is done.
    var isSuccess: Bool { status == 200 && object?["error"] == nil }

    /// - Throws: for an answer that is cut short.
    init(_ answer: [UInt8]) throws {
        guard let end = answer.firstRange(of: [13, 10, 13, 10]),
            let status = Int(String(decoding: answer.prefix(12).suffix(3), as: UTF8.self))
        else { throw TestFailure("no answer: \(String(decoding: answer.prefix(200), as: UTF8.self))") }
        let fields = String(decoding: answer[..<end.lowerBound], as: UTF8.self).lowercased().split(separator: "\r\n")
        let body = Array(answer[end.upperBound...])
        guard fields.contains("content-length: \(body.count)") else {
            throw TestFailure("an answer of another length than it says: \(fields)")
        }
        self.status = status
        self.body = body
    }
}
