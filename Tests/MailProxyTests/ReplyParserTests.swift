import Testing

@testable import MailProxy

@Suite struct ReplyParserTests {
    private func parse(_ text: String) throws -> [ServerReply] {
        var parser = ReplyParser()
        return try parse(text, &parser)
    }

    private func parse(_ text: String, _ parser: inout ReplyParser) throws -> [ServerReply] {
        var replies: [ServerReply] = []
        try parser.push(text.utf8, into: &replies)
        return replies
    }

    @Test func readsRepliesOfOneAndOfManyLines() throws {
        #expect(try parse("250 ok\r\n") == [ServerReply(code: 250, lines: ["ok"])])
        #expect(try parse("250\r\n") == [ServerReply(code: 250, lines: [""])])
        #expect(
            try parse("250-mx.example\r\n250-SIZE 10\r\n250 DSN\r\n354 go\r\n")
                == [
                    ServerReply(code: 250, lines: ["mx.example", "SIZE 10", "DSN"]),
                    ServerReply(code: 354, lines: ["go"]),
                ])
    }

    @Test func keepsWhatIsNotWhole() throws {
        var parser = ReplyParser()
        #expect(parser.isIdle)
        #expect(try parse("250-a\r\n25", &parser).isEmpty)
        #expect(!parser.isIdle)
        #expect(try parse("0 b\r", &parser).isEmpty)
        #expect(try parse("\n", &parser) == [ServerReply(code: 250, lines: ["a", "b"])])
        #expect(parser.isIdle)
    }

    @Test(arguments: [
        "250 ok\n", "250 o\rk\r\n", "25 ok\r\n", "25x ok\r\n", "150 ok\r\n", "650 ok\r\n", "260 ok\r\n", "250_ok\r\n",
        "250-a\r\n251 b\r\n", "\r\n", "250 a\u{0}b\r\n", "250 \u{1B}[31m\r\n", "+OK\r\n",
        "HTTP/1.1 400 Bad Request\r\n",
        "250 " + String(repeating: "a", count: 1021) + "\r\n", String(repeating: "250-a\r\n", count: 128) + "250 b\r\n",
    ])
    func refusesNonsense(_ text: String) {
        #expect(throws: ReplyDefect.self) { try parse(text) }
    }

    @Test func givesWhatCameBeforeNonsense() {
        var parser = ReplyParser()
        var replies: [ServerReply] = []
        #expect(throws: ReplyDefect.self) { try parser.push("250 ok\r\nx\r\n".utf8, into: &replies) }
        #expect(replies == [ServerReply(code: 250, lines: ["ok"])])
    }

    @Test func acceptsWhatIsJustWithinBounds() throws {
        #expect(try parse("250 " + String(repeating: "a", count: 1020) + "\r\n").count == 1)
        #expect(try parse(String(repeating: "250-a\r\n", count: 127) + "250 b\r\n").first?.lines.count == 128)
    }

    @Test func readsEnhancedCodesOfTheRightClassOnly() {
        #expect(ServerReply(code: 550, lines: ["5.1.1 unknown", "5.1.1 user"]).enhanced == "5.1.1")
        #expect(ServerReply(code: 550, lines: ["5.1.1 unknown"]).text == "unknown")
        #expect(ServerReply(code: 450, lines: ["5.1.1 unknown"]).enhanced == nil)
        #expect(ServerReply(code: 550, lines: ["5.1 unknown"]).enhanced == nil)
        #expect(ServerReply(code: 550, lines: [""]).enhanced == nil)
    }

    @Test func readsCapabilities() throws {
        let reply = try #require(
            try parse(
                "250-mx SIZE\r\n250-size 1000\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n"
                    + "250-XFORWARD NAME addr\r\n250-ENHANCEDSTATUSCODES\r\n250 STARTTLS\r\n"
            ).first)
        let found = Capabilities(reply)
        #expect(found.size && found.pipelining && found.eightBitMIME && found.smtpUTF8 && found.dsn)
        #expect(found.enhancedStatusCodes && found.startTLS)
        #expect(found.sizeLimit == 1000)
        #expect(found.xforward == ["NAME", "ADDR"])
        // The greeting line is no capability, and SIZE 0 no limit.
        let none = Capabilities(ServerReply(code: 250, lines: ["PIPELINING", "SIZE 0", "SIZE x"]))
        #expect(!none.pipelining && none.size && none.sizeLimit == nil)
    }
}
