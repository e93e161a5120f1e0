import Foundation

/// One reply of an SMTP server.
public struct ServerReply: Sendable, Equatable, CustomStringConvertible {
    public let code: Int
    /// The text of each line, without code and line end.
    public let lines: [String]
    public var text: String { lines.joined(separator: "\n") }
    public var isPositive: Bool { code < 400 }
    public var isTemporary: Bool { (400..<500).contains(code) }
    public var description: String { "\(code) \(text)" }
    /// The queue id in Postfix's answer to a message.
    public var queueID: String? {
        guard let range = text.range(of: "queued as ") else { return nil }
        return text[range.upperBound...].split(separator: " ").first.map(String.init)
    }
}

/// A raw SMTP client: the bytes given are the bytes sent, apart from dot stuffing.
public final class SMTPClient: @unchecked Sendable {
    private let connection: TCPConnection
    public private(set) var greeting: ServerReply

    public init(port: UInt16) throws {
        connection = try TCPConnection(.port(port))
        greeting = ServerReply(code: 0, lines: [])
        greeting = try reply()
    }

    public func reply() throws -> ServerReply {
        var lines: [String] = []
        while let raw = try connection.readLine() {
            let line = String(decoding: raw, as: UTF8.self).trimmingCharacters(in: .newlines)
            guard let code = Int(line.prefix(3)) else { throw TestFailure("not an SMTP reply: \(line)") }
            lines.append(String(line.dropFirst(4)))
            if line.dropFirst(3).first != "-" { return ServerReply(code: code, lines: lines) }
        }
        throw TestFailure("the server closed the connection")
    }

    @discardableResult
    public func command(_ line: String) throws -> ServerReply {
        try connection.write(line + "\r\n")
        return try reply()
    }

    /// EHLO, after an optional XCLIENT that sets the login name Postfix reports to filters.
    public func greet(login: String? = nil, address: String? = nil) throws {
        try expect(command("EHLO client.test"))
        guard login != nil || address != nil else { return }
        var attributes: [String] = []
        if let login { attributes.append("LOGIN=\(login)") }
        if let address { attributes.append("ADDR=\(address) NAME=client.test") }
        try expect(command("XCLIENT " + attributes.joined(separator: " ")))
        try expect(command("EHLO client.test"))
    }

    private func expect(_ reply: ServerReply) throws {
        guard reply.isPositive else { throw TestFailure("unexpected reply: \(reply)") }
    }

    /// One transaction; gives the first negative reply or the one after the data.
    public func send(
        from sender: String, to recipients: [String], data: [UInt8], parameters: String = "",
        recipientParameters: String = ""
    ) throws -> ServerReply {
        let mail = try command("MAIL FROM:<\(sender)>" + (parameters.isEmpty ? "" : " " + parameters))
        guard mail.isPositive else { return mail }
        for recipient in recipients {
            let answer = try command(
                "RCPT TO:<\(recipient)>" + (recipientParameters.isEmpty ? "" : " " + recipientParameters))
            guard answer.isPositive else {
                try command("RSET")
                return answer
            }
        }
        let start = try command("DATA")
        guard start.isPositive else { return start }
        try connection.write(Self.stuffed(data))
        return try reply()
    }

    /// Data with dots doubled and the end marker, as it goes over the wire. A dot after a bare LF is doubled as well:
    /// servers that take a bare LF as the end of a line would swallow it.
    public static func stuffed(_ data: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(data.count + data.count / 64 + 8)
        var lineStart = true
        for byte in data {
            if lineStart && byte == 46 { out.append(46) }
            out.append(byte)
            lineStart = byte == 10
        }
        if !data.isEmpty && !data.suffix(2).elementsEqual([13, 10]) { out += [13, 10] }
        return out + [46, 13, 10]
    }

    /// Bytes as they are, for tests that stop in the middle of something.
    public func write(_ bytes: [UInt8]) throws { try connection.write(bytes) }
    public func write(_ text: String) throws { try connection.write(text) }

    /// How long to wait for a reply.
    public func setPatience(seconds: Int) { connection.setPatience(seconds: seconds) }

    public func quit() { _ = try? command("QUIT") }

    public func drop() { connection.shut() }
}

extension SMTPClient {
    /// Connect, greet, one message, quit.
    public static func submit(
        port: UInt16, login: String? = nil, address: String? = nil, from sender: String, to recipients: [String],
        data: [UInt8],
        parameters: String = ""
    ) throws -> ServerReply {
        let client = try SMTPClient(port: port)
        try client.greet(login: login, address: address)
        defer { client.quit() }
        return try client.send(from: sender, to: recipients, data: data, parameters: parameters)
    }
}

extension SMTPClient {
    /// Hands a message over by LMTP: for each recipient the answer to RCPT where it was a refusal, else that to the content.
    public static func deliver(
        port: UInt16, from sender: String, to recipients: [String], data: [UInt8]
    ) throws -> [String: ServerReply] {
        let client = try SMTPClient(port: port)
        defer { client.drop() }
        _ = try client.command("LHLO client.test")
        _ = try client.command("MAIL FROM:<\(sender)>")
        var answers: [String: ServerReply] = [:]
        var accepted: [String] = []
        for recipient in recipients {
            let reply = try client.command("RCPT TO:<\(recipient)>")
            if reply.isPositive { accepted.append(recipient) } else { answers[recipient] = reply }
        }
        guard !accepted.isEmpty else { return answers }
        _ = try client.command("DATA")
        try client.write(stuffed(data))
        for recipient in accepted { answers[recipient] = try client.reply() }
        client.quit()
        return answers
    }
}
