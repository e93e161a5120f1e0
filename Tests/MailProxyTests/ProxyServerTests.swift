import Libcrypto
import MailFlow
import TestSupport
import Testing

@testable import MailProxy

/// The server side over real sockets, with a session that writes down what it is asked.
@Suite struct ProxyServerTests {
    final class Book: Sendable {
        let entries = Lock<[String]>([])
        func write(_ entry: String) { entries.withLock { $0.append(entry) } }
        var all: [String] { entries.withLock { $0 } }
    }

    private final class RecordingSession: ServerSession {
        typealias ServerReply = MailProxy.ServerReply

        private let book: Book
        private let capabilities: Capabilities
        private var recipients = 0
        private var text: [UInt8] = []

        init(_ book: Book, _ capabilities: Capabilities) {
            self.book = book
            self.capabilities = capabilities
        }

        func hello() -> Result<Capabilities, ServiceRefusal> { .success(capabilities) }
        func sender(
            _ path: SMTPPath, _ parameters: [[UInt8]], trace: [(name: String, value: String)]
        ) -> ServerReply {
            let trace = trace.map { "\($0.name)=\($0.value)" }
            let words = parameters.map { String(decoding: $0, as: UTF8.self) }
            book.write((["MAIL \(path)"] + words + trace).joined(separator: " "))
            return ServerReply(code: 250, lines: ["2.1.0 Ok"])
        }
        func recipient(_ path: SMTPPath, _ parameters: [[UInt8]]) -> ServerReply {
            guard !path.text.hasPrefix("no") else { return ServerReply(code: 550, lines: ["5.1.1 No such user"]) }
            recipients += 1
            return ServerReply(code: 250, lines: ["2.1.5 Ok"])
        }
        func data() -> ServerReply { ServerReply(code: 354, lines: ["Go ahead"]) }
        func content(_ bytes: Span<UInt8>) { for index in 0..<bytes.count { text.append(bytes[index]) } }
        func endOfData(isBodyRepaired: Bool) -> [ServerReply] {
            book.write("DATA \(String(decoding: text, as: UTF8.self))\(isBodyRepaired ? " repaired" : "")")
            return (0..<recipients).map { ServerReply(code: $0 % 2 == 0 ? 250 : 452, lines: ["2.0.0 Number \($0)"]) }
        }
        func reset() {
            recipients = 0
            text = []
        }
        func closed() { book.write("CLOSED") }
    }

    private let book = Book()

    private func capabilities(_ change: (inout Capabilities) -> Void = { _ in }) -> Capabilities {
        var result = Capabilities()
        result.pipelining = true
        result.eightBitMIME = true
        result.enhancedStatusCodes = true
        change(&result)
        return result
    }

    private func serve(
        _ flavour: ClientSettings.Flavour = .smtp, capabilities: Capabilities? = nil,
        change: (inout ListenerOptions) throws -> Void = { _ in },
        _ body: (ProxyServer, TCPConnection) throws -> Void
    ) throws {
        var options = ListenerOptions(
            name: "test", endpoint: .tcp(host: "127.0.0.1", port: 0), hostname: "guard.test")
        options.flavour = flavour
        try change(&options)
        let offered = capabilities ?? self.capabilities()
        let server = ProxyServer(options, log: { _ in }) { [book] _ in RecordingSession(book, offered) }
        defer { server.stop() }
        let port = try #require(try server.start())
        let client = try TCPConnection(.port(UInt16(port)))
        try body(server, client)
    }

    private func line(_ client: TCPConnection) throws -> String? {
        try client.readLine().map { line in
            #expect(line.suffix(2) == [13, 10])
            return String(decoding: line.dropLast(2), as: UTF8.self)
        }
    }

    private func ask(_ client: TCPConnection, _ command: String? = nil) throws -> String {
        if let command { try client.write(command + "\r\n") }
        var lines: [String] = []
        while let line = try line(client) {
            lines.append(line)
            if line.dropFirst(3).first != "-" { break }
        }
        return lines.joined(separator: "\n")
    }

    @Test func aMessageIsTakenAndTheNextToo() throws {
        try serve { _, client in
            #expect(try ask(client) == "220 guard.test ESMTP guardd")
            let hello = try ask(client, "EHLO client.test")
            #expect(
                hello.split(separator: "\n").map { $0.dropFirst(4) } == [
                    "guard.test", "PIPELINING", "SIZE 104857600",
                    "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE",
                    "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT", "ENHANCEDSTATUSCODES", "8BITMIME",
                ])
            for number in 1...2 {
                #expect(
                    try ask(client, "XFORWARD NAME=mail.example ADDR=192.0.2.\(number) IDENT=Q\(number)").hasPrefix(
                        "250 "))
                #expect(try ask(client, "MAIL FROM:<a@b.example> SIZE=20 BODY=8BITMIME").hasPrefix("250 "))
                #expect(try ask(client, "RCPT TO:<no@c.example>").hasPrefix("550 5.1.1"))
                #expect(try ask(client, "DATA").hasPrefix("554 "))
                #expect(try ask(client, "RCPT TO:<c@c.example>").hasPrefix("250 "))
                #expect(try ask(client, "DATA").hasPrefix("354 "))
                #expect(try ask(client, "a: b\r\n\r\n..text \(number)\r\n.").hasPrefix("250 "))
            }
            #expect(try ask(client, "QUIT").hasPrefix("221 "))
            #expect(try line(client) == nil)
        }
        #expect(
            book.all.filter { $0 != "CLOSED" } == [
                "MAIL <a@b.example> BODY=8BITMIME NAME=mail.example ADDR=192.0.2.1 IDENT=Q1",
                "DATA a: b\r\n\r\n.text 1\r\n",
                "MAIL <a@b.example> BODY=8BITMIME NAME=mail.example ADDR=192.0.2.2 IDENT=Q2",
                "DATA a: b\r\n\r\n.text 2\r\n",
            ])
    }

    @Test func everythingInOnePieceIsTheSame() throws {
        try serve(.lmtp) { _, client in
            try client.write(
                "LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@c.example>\r\nRCPT TO:<b@c.example>\r\nDATA\r\nx: y\r\n\r\nz\r\n.\r\n"
                    + "MAIL FROM:<>\r\nRCPT TO:<a@c.example>\r\nRSET\r\nQUIT\r\n")
            var codes: [String] = []
            while let line = try line(client) {
                if line.dropFirst(3).first == " " { codes.append(String(line.prefix(3))) }
            }
            #expect(codes == ["220", "250", "250", "250", "250", "354", "250", "452", "250", "250", "250", "221"])
        }
        #expect(book.all.contains("DATA x: y\r\n\r\nz\r\n"))
    }

    @Test func whatIsNotOfferedIsNotTaken() throws {
        try serve(capabilities: capabilities { $0.eightBitMIME = false }) { _, client in
            _ = try ask(client)
            #expect(try ask(client, "MAIL FROM:<a@b.example>").hasPrefix("503 "))
            #expect(try ask(client, "LHLO c").hasPrefix("500 "))
            #expect(try !ask(client, "EHLO c").contains("8BITMIME"))
            #expect(try ask(client, "MAIL FROM:<a@b.example> BODY=8BITMIME").hasPrefix("555 "))
            #expect(try ask(client, "MAIL FROM:<a@b.example> RET=FULL").hasPrefix("555 "))
            #expect(try ask(client, "MAIL FROM:<müller@b.example>").hasPrefix("553 "))
            #expect(try ask(client, "MAIL FROM:<a@b.example> SIZE=104857601").hasPrefix("552 "))
            #expect(try ask(client, "MAIL FROM:<a@b.example> SIZE=99999999999999999999").hasPrefix("501 "))
            #expect(try ask(client, "STARTTLS").hasPrefix("502 "))
            #expect(try ask(client, "BDAT 3 LAST").hasPrefix("500 "))
            #expect(try ask(client, "XFORWARD LOGIN=root").hasPrefix("501 "))
            #expect(try ask(client, "RCPT TO:<a@b.example>").hasPrefix("503 "))
            #expect(try ask(client, "VRFY root").hasPrefix("252 "))
        }
    }

    @Test func listenersThatFaceClientsEndTheConversationAtABareLineEnd() throws {
        for end in ["\n.\r\n", "\r.\r\n", "\n"] {
            try serve { _, client in
                _ = try ask(client)
                _ = try ask(client, "EHLO c")
                _ = try ask(client, "MAIL FROM:<a@b.example>")
                _ = try ask(client, "RCPT TO:<a@b.example>")
                _ = try ask(client, "DATA")
                try client.write("x: y\r\n\r\nz\(end)MAIL FROM:<evil@b.example>\r\n.\r\n")
                #expect(try ask(client).hasPrefix("521 "))
                #expect(try line(client) == nil)
            }
        }
        #expect(!book.all.contains { $0.hasPrefix("DATA") || $0.contains("evil") })
    }

    @Test func aCommandEndsInCRLF() throws {
        try serve { _, client in
            _ = try ask(client)
            try client.write("EHLO c\nMAIL FROM:<a@b.example>\r\n")
            #expect(try ask(client).hasPrefix("521 "))
            #expect(try line(client) == nil)
        }
    }

    @Test func linesErrorsAndRecipientsAreBounded() throws {
        try serve(.smtp, change: { $0.maxRecipients = 3 }) { _, client in
            _ = try ask(client)
            #expect(try ask(client, "EHLO " + String(repeating: "x", count: 5000)).hasPrefix("500 "))
            _ = try ask(client, "EHLO c")
            _ = try ask(client, "MAIL FROM:<a@b.example>")
            for _ in 0..<3 { #expect(try ask(client, "RCPT TO:<a@b.example>").hasPrefix("250 ")) }
            #expect(try ask(client, "RCPT TO:<a@b.example>").hasPrefix("452 4.5.3"))
            // One error was the long line.
            for _ in 0..<18 { #expect(try ask(client, "NONSENSE").hasPrefix("500 ")) }
            #expect(try ask(client, "NONSENSE").hasPrefix("500 "))
            #expect(try ask(client).hasPrefix("421 "))
            #expect(try line(client) == nil)
        }
    }

    @Test func aMessageThatIsTooLargeIsRefusedForEachRecipient() throws {
        try serve(.lmtp, change: { $0.maxSize = 1000 }) { _, client in
            _ = try ask(client)
            _ = try ask(client, "LHLO c")
            _ = try ask(client, "MAIL FROM:<a@b.example>")
            _ = try ask(client, "RCPT TO:<a@b.example>")
            _ = try ask(client, "RCPT TO:<b@b.example>")
            _ = try ask(client, "DATA")
            try client.write("x: y\r\n\r\n" + String(repeating: "0123456789\r\n", count: 200) + ".\r\n")
            #expect(try ask(client).hasPrefix("552 5.3.4"))
            #expect(try ask(client).hasPrefix("552 5.3.4"))
            #expect(try ask(client, "NOOP").hasPrefix("250 "))
        }
        #expect(!book.all.contains { $0.hasPrefix("DATA") })
    }

    @Test func strangersAndTooManyAreTurnedAway() throws {
        let elsewhere = try Network("192.0.2.0/24")
        try serve(.smtp, change: { $0.peers = [elsewhere] }) { (_, client) throws in
            #expect(try ask(client).hasPrefix("554 5.7.1"))
            #expect(try line(client) == nil)
        }
        try serve(.smtp, change: { $0.maxConnections = 1 }) { server, client in
            #expect(try ask(client).hasPrefix("220 "))
            let port = try #require(server.port)
            let second = try TCPConnection(.port(UInt16(port)))
            #expect(try ask(second).hasPrefix("421 4.3.2"))
            #expect(try line(second) == nil)
            #expect(try ask(client, "QUIT").hasPrefix("221 "))
        }
    }

    @Test func aStoppingServerEndsWhatIsIdleAndWaitsForTheRest() throws {
        try serve { server, client in
            _ = try ask(client)
            _ = try ask(client, "EHLO c")
            _ = try ask(client, "MAIL FROM:<a@b.example>")
            let idle = try TCPConnection(.port(UInt16(try #require(server.port))))
            #expect(try ask(idle).hasPrefix("220 "))
            #expect(server.messagesInFlight == 1)
            #expect(server.drain(seconds: 0) == 1)
            #expect(try ask(idle).hasPrefix("421 4.3.2"))
            #expect(try line(idle) == nil)
            _ = try ask(client, "RCPT TO:<a@b.example>")
            _ = try ask(client, "DATA")
            try client.write("x: y\r\n\r\n.\r\n")
            #expect(try ask(client).hasPrefix("250 "))
            #expect(try ask(client).hasPrefix("421 4.3.2"))
            #expect(server.drain(seconds: 30) == 0)
        }
        #expect(book.all.contains { $0.hasPrefix("DATA") })
    }

    @Test func aClientThatLeavesInTheMiddleLeavesNothing() throws {
        try serve { server, client in
            _ = try ask(client)
            _ = try ask(client, "EHLO c")
            _ = try ask(client, "MAIL FROM:<a@b.example>")
            _ = try ask(client, "RCPT TO:<a@b.example>")
            _ = try ask(client, "DATA")
            try client.write("x: y\r\n\r\nhalf")
            client.shut()
            #expect(server.drain(seconds: 30) == 0)
        }
        #expect(!book.all.contains { $0.hasPrefix("DATA") })
    }

    @Test func aUnixSocketIsMadeAndTakenAway() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/proxy.sock"
        var options = ListenerOptions(name: "test", endpoint: .unix(path: path), hostname: "guard.test")
        options.flavour = .lmtp
        options.socketMode = 0o600
        let offered = capabilities()
        let server = ProxyServer(options, log: { _ in }) { [book] client in
            book.write(client == nil ? "local" : "remote")
            return RecordingSession(book, offered)
        }
        try server.start()
        defer { server.stop() }
        let client = try TCPConnection(.unix(path))
        #expect(try ask(client) == "220 guard.test LMTP guardd")
        let second = ProxyServer(options, log: { _ in }) { [book] _ in RecordingSession(book, offered) }
        #expect(throws: ListenerError.self) { try second.start() }
        server.stop()
        #expect(throws: (any Error).self) { try TCPConnection(.unix(path)) }
        #expect(book.all.first == "local")
    }
}
