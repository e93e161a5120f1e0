import Libcrypto
import MIME
import MailFlow
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

@testable import MailProxy

/// A relay between a client, played by the test, and a scripted next hop.
@Suite struct LMTPRelayTests {
    private struct NoKeys: KeyDirectory {
        func encryptionCertificates(for address: EmailAddress, at time: Timestamp) throws -> [KnownCertificate] { [] }
        func signingKey(for address: EmailAddress, at time: Timestamp) throws -> SigningKey? { nil }
        func smimeRecipients(for address: EmailAddress, at time: Timestamp) throws -> [SMIMERecipient] { [] }
        func smimeSigner(for address: EmailAddress, at time: Timestamp) throws -> SMIMESigner? { nil }
        func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate] { [] }
    }

    private let budget = Budget(limit: 64 << 20)

    private func relay(
        _ server: ScriptedServer, _ direction: Direction = .inbound, _ rules: [Rule] = []
    ) -> ProxyRelay {
        var settings = SMTPConnectionTests.settings(server)
        settings.flavour = .lmtp
        var policy = Policy(authservID: "guard.test")
        policy.localDomains = ["example.org"]
        policy.rules = rules
        let context = SessionContext(
            policy: policy, keys: NoKeys(), now: { Timestamp(1_700_000_000) }, log: { _ in }, budget: budget)
        return ProxyRelay(to: settings, answers: .each, log: { _ in }) { queueID in
            ProxyMessage(
                context: context, declaration: ProxyDeclaration(direction: direction), client: nil, queueID: queueID)
        }
    }

    private let content = Array("From: <a@example.net>\r\nSubject: hello\r\n\r\n.dot\r\ntext\r\n".utf8)

    /// A whole transaction; the codes after DATA.
    private func send(_ relay: ProxyRelay, to recipients: [String]) throws -> [Int] {
        let sender = try #require(SMTPPath(Array("a@example.net".utf8)))
        guard relay.sender(sender, [], trace: []).code == 250 else { return [] }
        for recipient in recipients { _ = relay.recipient(try #require(SMTPPath(Array(recipient.utf8))), []) }
        guard relay.data().code == 354 else { return [] }
        relay.content(content.span)
        let answers = relay.endOfData(isBodyRepaired: false)
        #expect(budget.inUse == 0, "nothing stays reserved")
        return answers.map(\.code)
    }

    @Test func everyRecipientHasTheAnswerOfTheNextHop() throws {
        let heard = SMTPConnectionTests.Heard()
        let server = try SMTPConnectionTests.server(
            heard, recipients: { $0.contains("full") ? "452 4.2.2 full" : "250 ok" }, lmtp: true)
        let relay = relay(server)
        #expect(try send(relay, to: ["a@example.org", "full@example.org", "b@example.org"]) == [250, 452])
        #expect(
            heard.commands.filter { !$0.hasPrefix("LHLO") }.map { $0.prefix(4) } == [
                "MAIL", "RCPT", "RCPT", "RCPT", "DATA",
            ])
        let text = String(decoding: heard.data, as: UTF8.self)
        #expect(
            text.contains("Authentication-Results: guard.test;") && text.hasSuffix("\r\n\r\n..dot\r\ntext\r\n.\r\n"))
        // The same connection serves the next message.
        #expect(try send(relay, to: ["a@example.org"]) == [250])
        #expect(heard.commands.count { $0.hasPrefix("LHLO") } == 1)
        relay.closed()
    }

    @Test func whoIsRefusedIsNotGivenToTheNextHop() throws {
        let heard = SMTPConnectionTests.Heard()
        let server = try SMTPConnectionTests.server(heard, lmtp: true)
        let required = try Rule(name: "r", encrypt: .required)
        let relay = relay(server, .inbound, [required])
        #expect(try send(relay, to: ["x@nowhere.example", "a@example.org"]) == [550, 250])
        let commands = heard.commands.drop { $0 != "RSET" }
        #expect(commands.map { $0.prefix(4) } == ["RSET", "MAIL", "RCPT", "DATA"])
        #expect(commands.contains("RCPT TO:<a@example.org>"))
        relay.closed()
    }

    /// Two rules under which nothing can be done make two groups.
    private func twoRules() throws -> [Rule] {
        var first = try Rule(name: "first", sign: .ifKey, signWithoutLogin: true)
        first.recipient = [try AddressPattern("a@nowhere.example")]
        return [first, try Rule(name: "second")]
    }

    @Test func furtherGroupsUseFurtherTransactions() throws {
        let heard = SMTPConnectionTests.Heard()
        let server = try SMTPConnectionTests.server(heard, lmtp: true)
        let relay = relay(server, .outbound, try twoRules())
        #expect(try send(relay, to: ["b@nowhere.example", "a@nowhere.example"]) == [250, 250])
        #expect(heard.commands.count { $0 == "DATA" } == 2 && heard.commands.count { $0.hasPrefix("LHLO") } == 1)
        relay.closed()
    }

    @Test(arguments: [SMTPConnectionTests.Fault.die, .nonsense, .wrongClass], [SMTPStep.data, .end])
    func aLostHopDefersEverybodyOutstanding(fault: SMTPConnectionTests.Fault, step: SMTPStep) throws {
        for rules in [[], try twoRules()] {
            let server = try SMTPConnectionTests.server(fault: fault, at: step, lmtp: true)
            let relay = relay(server, .outbound, rules)
            #expect(try send(relay, to: ["b@nowhere.example", "a@nowhere.example"]) == [451, 451])
            relay.closed()
        }
    }

    /// To try again for those who were answered would give them a second copy.
    @Test func answersThatCameCount() throws {
        let server = try ScriptedServer { connection in
            try connection.write("220 test\r\n")
            while let line = try connection.command() {
                guard line == "DATA" else {
                    try connection.write("250 ok\r\n")
                    continue
                }
                try connection.write("354 go\r\n")
                _ = try connection.rawData()
                try connection.write("250 ok\r\n552 5.2.2 full\r\n")
                return
            }
        }
        let relay = relay(server)
        #expect(try send(relay, to: ["a@example.org", "b@example.org", "c@example.org"]) == [250, 552, 451])
        // The next message has a connection of its own.
        #expect(try send(relay, to: ["a@example.org"]) == [250])
        relay.closed()
    }

    @Test func aHopThatIsNotThereDefersTheSender() throws {
        let server = try SMTPConnectionTests.server(fault: .die, at: .greeting, lmtp: true)
        let relay = relay(server)
        let sender = try #require(SMTPPath(Array("a@example.net".utf8)))
        #expect(relay.sender(sender, [], trace: []).code == 451)
        #expect(relay.recipient(sender, []).code == 503 && relay.data().code == 503)
        #expect(relay.endOfData(isBodyRepaired: false).map(\.code) == [503])
        relay.closed()
    }

    @Test func theHopsRefusalsAreAnsweredAsTheyAre() throws {
        for (step, codes) in [(SMTPStep.mail, []), (.recipient, []), (.data, [550])] as [(SMTPStep, [Int])] {
            let server = try SMTPConnectionTests.server(fault: .refuse5, at: step, lmtp: true)
            let relay = relay(server)
            #expect(try send(relay, to: ["a@example.org"]) == codes, "\(step)")
            relay.closed()
        }
    }

    @Test func whatTheClientBreaksOffIsNotDelivered() throws {
        let heard = SMTPConnectionTests.Heard()
        let server = try SMTPConnectionTests.server(heard, lmtp: true)
        let relay = relay(server)
        let path = try #require(SMTPPath(Array("a@example.org".utf8)))
        #expect(relay.sender(path, [], trace: []).code == 250 && relay.recipient(path, []).code == 250)
        relay.content(content.span)
        relay.reset()
        #expect(relay.endOfData(isBodyRepaired: false).map(\.code) == [503])
        #expect(try send(relay, to: ["b@example.org"]) == [250])
        relay.closed()
        #expect(heard.commands.count { $0 == "DATA" } == 1 && !heard.commands.isEmpty)
        #expect(budget.inUse == 0)
    }
}
