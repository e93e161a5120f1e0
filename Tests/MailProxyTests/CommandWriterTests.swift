import MIME
import Testing

@testable import MailProxy

@Suite struct CommandWriterTests {
    private let everything: Capabilities = {
        var all = Capabilities()
        all.size = true
        all.sizeLimit = 1000
        all.eightBitMIME = true
        all.smtpUTF8 = true
        all.dsn = true
        all.xforward = ["NAME", "ADDR"]
        return all
    }()

    private func envelope(_ recipient: String = "bob@example.org") throws -> SMTPEnvelope {
        SMTPEnvelope(
            sender: try #require(SMTPPath(Array("<alice@example.org>".utf8))),
            recipients: [.init(try #require(SMTPPath(Array(recipient.utf8))))], size: 10)
    }

    @Test func writesWhatTheServerKnows() throws {
        var envelope = try envelope()
        envelope.hasEightBit = true
        envelope.hasUTF8Header = true
        envelope.dsnReturn = "HDRS"
        envelope.envelopeID = "QQ314159"
        envelope.recipients[0].notify = "SUCCESS,FAILURE"
        envelope.recipients[0].originalRecipient = "rfc822;bob+2Bx@example.org"
        let writer = CommandWriter(capabilities: everything)
        #expect(
            try writer.mail(envelope)
                == "MAIL FROM:<alice@example.org> SIZE=10 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ314159")
        #expect(
            try writer.recipient(envelope.recipients[0])
                == "RCPT TO:<bob@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob+2Bx@example.org")
        var plain = Capabilities()
        plain.eightBitMIME = true
        plain.smtpUTF8 = true
        let poor = CommandWriter(capabilities: plain)
        #expect(try poor.mail(envelope) == "MAIL FROM:<alice@example.org> BODY=8BITMIME SMTPUTF8")
        #expect(try poor.recipient(envelope.recipients[0]) == "RCPT TO:<bob@example.org>")
    }

    @Test func refusesWhatTheServerCannotTake() throws {
        let poor = CommandWriter(capabilities: Capabilities())
        let wanted = MailProxyError(.unsupported, at: .mail, "")
        var eightBit = try envelope()
        eightBit.hasEightBit = true
        #expect(throws: wanted) { try poor.mail(eightBit) }
        #expect(throws: wanted) { try poor.mail(try envelope("bøb@example.org")) }
        var large = try envelope()
        large.size = 1001
        #expect(throws: wanted) { try CommandWriter(capabilities: everything).mail(large) }
        #expect(wanted.isPermanent)
    }

    @Test(arguments: ["a b", "", "a\r\nRCPT TO:<eve@example.org>", "ä"])
    func refusesParametersThatEndTheCommand(_ value: String) throws {
        var envelope = try envelope()
        envelope.envelopeID = value
        envelope.recipients[0].originalRecipient = value
        let writer = CommandWriter(capabilities: everything)
        #expect(throws: MailProxyError(.unwritable, at: .mail, "")) { try writer.mail(envelope) }
        #expect(throws: MailProxyError(.unwritable, at: .recipient, "")) {
            try writer.recipient(envelope.recipients[0])
        }
    }

    @Test func writesTheTraceInXtext() {
        let writer = CommandWriter(capabilities: everything)
        #expect(
            writer.xforward([("NAME", "a b\r\n"), ("HELO", "x"), ("ADDR", "192.0.2.1")])
                == ["XFORWARD NAME=a+20b+0D+0A ADDR=192.0.2.1"])
        #expect(writer.xforward([("HELO", "x")]).isEmpty)
        let long = writer.xforward([
            ("NAME", String(repeating: "+", count: 150)), ("ADDR", String(repeating: "=", count: 90)),
        ])
        #expect(long.count == 2 && long.allSatisfy { $0.utf8.count <= 510 })
    }

    @Test func readsPaths() throws {
        #expect(SMTPPath(Array("<>".utf8)) == .null)
        #expect(SMTPPath(Array("<\"a b\"@example.org>".utf8))?.text == "\"a b\"@example.org")
        #expect(SMTPPath(Array("\"a>\"@example.org".utf8)) != nil)
        for bad in ["<a b@c>", "a>b", "<a\r\n>", "\"a", "a\"b\\", "a\u{0}"] {
            #expect(SMTPPath(Array(bad.utf8)) == nil, "\(bad)")
        }
        #expect(SMTPPath([0x61, 0xFF]) == nil)
        let address = try #require(EmailAddress("bøb@bücher.example"))
        #expect(SMTPPath(address).needsUTF8)
    }

    @Test func readsEndpoints() {
        #expect(SMTPEndpoint("127.0.0.1:10025") == .tcp(host: "127.0.0.1", port: 10025))
        #expect(SMTPEndpoint("mx.example") == .tcp(host: "mx.example", port: 25))
        #expect(SMTPEndpoint("[::1]:26") == .tcp(host: "::1", port: 26))
        #expect(SMTPEndpoint("[::1]") == .tcp(host: "::1", port: 25))
        #expect(SMTPEndpoint("unix:/run/x") == .unix(path: "/run/x"))
        #expect(SMTPEndpoint("[::1]:26")?.description == "[::1]:26")
        for bad in ["", ":25", "mx:0", "mx:x", "::1", "unix:x", "a b:25", "[::1", "mx:70000"] {
            #expect(SMTPEndpoint(bad) == nil, "\(bad)")
        }
    }
}
