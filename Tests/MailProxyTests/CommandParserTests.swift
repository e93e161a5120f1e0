import Testing

@testable import MailProxy

@Suite struct CommandParserTests {
    private func parse(_ text: String) throws -> SMTPCommand { try CommandParser.parse(Array(text.utf8)) }

    private func code(_ text: String) -> Int? {
        do {
            _ = try parse(text)
            return nil
        } catch let error as CommandDefect {
            return error.reply.code
        } catch {
            return 0
        }
    }

    private func path(_ text: String) throws -> SMTPPath { try #require(SMTPPath(Array(text.utf8))) }

    @Test func verbsAreReadInAnyCase() throws {
        #expect(try parse("ehlo host.example") == .hello(.ehlo, name: "host.example"))
        #expect(try parse("LHLO [127.0.0.1]") == .hello(.lhlo, name: "[127.0.0.1]"))
        #expect(try parse("Data") == .data)
        #expect(try parse("QUIT ") == .quit)
        #expect(try parse("NOOP whatever") == .noop)
        #expect(try parse("EXPN list") == .verify)
        #expect(try parse("BDAT 3 LAST") == .unknown("BDAT"))
    }

    @Test func pathsAndParametersAreTakenApart() throws {
        #expect(try parse("MAIL FROM:<a@b.example>") == .mail(path("a@b.example"), []))
        #expect(
            try parse("mail from: <a@b.example>  SIZE=3 BODY=8BITMIME")
                == .mail(path("a@b.example"), [Array("SIZE=3".utf8), Array("BODY=8BITMIME".utf8)]))
        #expect(try parse("MAIL FROM:<>") == .mail(.null, []))
        #expect(
            try parse("RCPT TO:<\"a> b\"@c.example> NOTIFY=NEVER")
                == .recipient(path("\"a> b\"@c.example"), [Array("NOTIFY=NEVER".utf8)]))
        // RFC 5321, appendix C.
        #expect(try parse("RCPT TO:<@relay.example,@other.example:a@b.example>") == .recipient(path("a@b.example"), []))
        #expect(try parse("RCPT TO:<müller@b.example>") == .recipient(path("müller@b.example"), []))
    }

    @Test(arguments: [
        "MAIL", "MAIL FROM:", "MAIL FROM:a@b.example", "MAIL FROM:<a@b.example", "MAIL FROM:<a@b.example>SIZE=3",
        "MAIL TO:<a@b.example>", "RCPT TO:<>", "RCPT TO:<a b@c.example>", "RCPT TO:<@a.example>",
        "RCPT TO:<@a.example:@b.example:c@d.example>", "RCPT TO:<a<b@c.example>",
        "MAIL FROM:<a@b.example> =3", "MAIL FROM:<a@b.example> SIZE=", "MAIL FROM:<a@b.example> A=B=C",
        "MAIL FROM:<a\u{1}@b.example>", "RCPT TO:<a@b.example>\u{0}", "DATA now", "EHLO", "EHLO two words",
        "STARTTLS x",
        "XFORWARD", "XFORWARD NAME", "XFORWARD =x", "XFORWARD NAME=a+0D+0A", "XFORWARD NAME=+4", "XCLIENT ADDR=+ZZ",
    ])
    func whatIsMalformedIsRefused(_ line: String) {
        #expect(code(line) == 501)
    }

    @Test func endlessParametersAreRefused() {
        #expect(code("MAIL FROM:<a@b.example>" + String(repeating: " A=B", count: 17)) == 501)
        #expect(code("MAIL FROM:<a@b.example>" + String(repeating: " A=B", count: 16)) == nil)
        #expect(code("RCPT TO:<\(String(repeating: "a", count: 600))@b.example>") == 501)
    }

    @Test func attributesAreDecoded() throws {
        #expect(
            try parse("XFORWARD name=mail.example ADDR=IPV6:::1 HELO=a+2Bb+3Dc")
                == .xforward([
                    .init(name: "NAME", value: "mail.example"), .init(name: "ADDR", value: "IPV6:::1"),
                    .init(name: "HELO", value: "a+b=c"),
                ]))
    }

    @Test(arguments: ["GET / HTTP/1.1", "POST /x HTTP/1.0", "Host: mail.example", "CONNECT a:25 HTTP/1.1"])
    func otherProtocolsAreKnown(_ line: String) throws { #expect(try parse(line) == .foreign) }
}
