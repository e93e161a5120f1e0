import Libcrypto
import MIME
import MailFlow
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

@testable import MailProxy

/// Copies on their way to a scripted mail server.
@Suite struct ReinjectorTests {
    /// A journal in memory, which can fail.
    final class MemoryJournal: DeliveryJournal {
        enum Stage { case sending, doubtful, accepted }
        struct Broken: Error {}
        let stages = Lock<[DeliveryRecipient: Stage]>([:])
        let breaksAtAccept = Lock(false)

        func open(_ recipients: [DeliveryRecipient]) throws -> DeliveryAttempt {
            stages.withLock { stages in
                if recipients.contains(where: { stages[$0] == .sending }) { return .busy }
                let done = recipients.filter { stages[$0] == .accepted }
                let unsure = recipients.filter { stages[$0] == .doubtful }
                for entry in recipients where stages[entry] != .accepted { stages[entry] = .sending }
                return .ready(done: Set(done), unsure: Set(unsure))
            }
        }
        func accept(_ recipients: [DeliveryRecipient]) throws {
            if breaksAtAccept.withLock({ $0 }) { throw Broken() }
            stages.withLock { for entry in recipients { $0[entry] = .accepted } }
        }
        func giveBack(_ recipients: [DeliveryRecipient], isSure: Bool) throws {
            stages.withLock { for entry in recipients { $0[entry] = isSure ? nil : .doubtful } }
        }
        func close(_ recipients: [DeliveryRecipient]) throws {
            stages.withLock { for entry in recipients { $0[entry] = nil } }
        }
        func isEmpty() -> Bool { stages.withLock { $0.isEmpty } }
        func knows(_ recipients: [DeliveryRecipient]) -> Bool {
            stages.withLock { stages in recipients.contains { stages[$0] != nil } }
        }
    }

    let identity = MessageIdentity(digest: [1, 2, 3])

    /// Copies as the session makes them: one in clear for each group of recipients.
    func copies(_ groups: [[String]], queueID: String = "Q1") throws -> [Released] {
        final class Taker: Redelivery {
            let taken = Lock<[Released]>([])
            func deliver(_ copies: [Released], of message: MessageIdentity) -> RedeliveryResult {
                taken.withLock { $0 = copies }
                return .delivered
            }
            func hasUnfinished() -> Bool { false }
            func hasUnfinished(_: MessageIdentity, from: [UInt8], to: [String]) -> Bool { false }
        }
        struct NoKeys: KeyDirectory {
            let key: SecretCertificate
            func encryptionCertificates(for address: EmailAddress, at time: Timestamp) throws -> [KnownCertificate] {
                address.localPart.hasPrefix("key")
                    ? [KnownCertificate(certificate: key.certificate, provenance: .adminImport)] : []
            }
            func signingKey(for address: EmailAddress, at time: Timestamp) throws -> SigningKey? { nil }
            func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate] { [] }
        }
        let taker = Taker()
        var policy = Policy(authservID: "guardd.test")
        policy.rules = [try Rule(name: "r", encrypt: .opportunistic)]
        policy.splitting = Splitting()
        let key = try SecretCertificate.generate(userIDs: ["<key@x.example>"], at: Timestamp(1_600_000_000))
        let session = Session(
            context: SessionContext(
                policy: policy, keys: NoKeys(key: key), now: { Timestamp(1_700_000_000) }, log: { _ in },
                redelivery: taker))
        _ = session.connected(host: "client", address: ClientAddress("192.0.2.1"), macros: Macros(["j": "mx"]))
        _ = session.sender(
            Array("<a@x.example>".utf8), arguments: [], macros: Macros(["{auth_authen}": "a@x.example"]))
        for recipient in groups.flatMap({ $0 }) {
            _ = session.recipient(
                Array("<\(recipient)>".utf8), arguments: [], macros: Macros(["{rcpt_mailer}": "smtp"]))
        }
        _ = session.header(name: Array("From".utf8), value: Array(" a@x.example".utf8))
        _ = session.endOfHeaders(macros: Macros(["i": queueID]))
        _ = session.body(Array("text\r\n.\r\n".utf8).span)
        #expect(session.endOfMessage(macros: Macros()).reply == .discard)
        let taken = taker.taken.withLock { $0 }
        #expect(taken.map { $0.recipients.map(\.text) } == groups)
        return taken
    }

    let two = [["key@x.example"], ["plain@x.example", "other@x.example"]]

    private func reinjector(
        _ server: ScriptedServer, _ journal: MemoryJournal, _ log: Lock<[String]> = Lock([])
    ) -> Reinjector {
        Reinjector(
            SMTPConnectionTests.settings(server), budget: 20, journal: journal,
            log: { line in log.withLock { $0.append(line) } },
            count: { doubt, number in log.withLock { $0.append("count \(doubt.rawValue) \(number)") } })
    }

    @Test func allCopiesArrive() throws {
        let heard = SMTPConnectionTests.Heard()
        let server = try SMTPConnectionTests.server(heard)
        let journal = MemoryJournal()
        #expect(reinjector(server, journal).deliver(try copies(two), of: identity) == .delivered)
        #expect(journal.isEmpty())
        let commands = heard.commands
        #expect(commands.filter { $0.hasPrefix("RCPT") }.count == 3)
        // Every recipient is judged before any content is sent.
        let firstData = try #require(commands.firstIndex(of: "DATA"))
        #expect(commands[firstData...].allSatisfy { !$0.hasPrefix("RCPT") })
        #expect(String(decoding: heard.data, as: UTF8.self).contains("BEGIN PGP MESSAGE"))
        #expect(String(decoding: heard.data, as: UTF8.self).contains("text\r\n..\r\n"))
    }

    @Test func refusalBeforeAnythingIsTheAnswer() throws {
        for (reply, code) in [("550 5.1.1 unknown", 550), ("450 4.2.0 greylisted", 451)] {
            let heard = SMTPConnectionTests.Heard()
            let server = try SMTPConnectionTests.server(
                heard, recipients: { $0.contains("plain@") ? reply : "250 ok" })
            let journal = MemoryJournal()
            guard case .refused(let answer) = reinjector(server, journal).deliver(try copies(two), of: identity) else {
                Issue.record("delivered")
                continue
            }
            #expect(answer.code == code)
            #expect(!heard.commands.contains("DATA"))
            #expect(journal.isEmpty(), "nothing keeps the next attempt out")
        }
    }

    /// Whatever goes wrong at whichever step: nothing is lost, and nobody has two copies but in the window that is told of.
    @Test(arguments: SMTPConnectionTests.steps) func everyFaultAtEveryStep(_ step: SMTPStep) throws {
        // Who refuses EHLO may know HELO.
        for fault in [SMTPConnectionTests.Fault.refuse4, .refuse5, .die, .nonsense]
        where step != .hello || fault != .refuse5 {
            let journal = MemoryJournal()
            let log = Lock<[String]>([])
            let bad = try SMTPConnectionTests.server(fault: fault, at: step)
            guard case .refused(let first) = reinjector(bad, journal, log).deliver(try copies(two), of: identity) else {
                Issue.record("\(fault) at \(step): delivered")
                continue
            }
            #expect(first.code == 451 || fault == .refuse5, "\(fault) at \(step)")
            let heard = SMTPConnectionTests.Heard()
            let good = try SMTPConnectionTests.server(heard)
            #expect(reinjector(good, journal, log).deliver(try copies(two), of: identity) == .delivered)
            #expect(heard.commands.filter { $0.hasPrefix("RCPT") }.count == 3, "\(fault) at \(step)")
            #expect(journal.isEmpty())
            if step == .end, fault == .die { #expect(log.withLock { $0 }.contains { $0.contains("twice") }) }
        }
    }

    /// The second copy fails after the first was taken: the next attempt sends only the second.
    @Test func whoHasACopyGetsNoOther() throws {
        let journal = MemoryJournal()
        let count = Lock(0)
        let flaky = try ScriptedServer { connection in
            try connection.write("220 x\r\n")
            while let line = try connection.command() {
                switch line.prefix(4) {
                case "DATA":
                    try connection.write("354 go\r\n")
                    _ = try connection.rawData()
                    let number = count.withLock { value -> Int in
                        value += 1
                        return value
                    }
                    try connection.write(number == 1 ? "250 taken\r\n" : "550 5.0.0 never\r\n")
                default: try connection.write("250 ok\r\n")
                }
            }
        }
        guard case .refused(let reply) = reinjector(flaky, journal).deliver(try copies(two), of: identity) else {
            Issue.record("delivered")
            return
        }
        #expect(reply.code == 451, "after a partial acceptance never permanent")
        let heard = SMTPConnectionTests.Heard()
        let good = try SMTPConnectionTests.server(heard)
        #expect(reinjector(good, journal).deliver(try copies(two), of: identity) == .delivered)
        #expect(
            heard.commands.filter { $0.hasPrefix("RCPT") } == [
                "RCPT TO:<plain@x.example>", "RCPT TO:<other@x.example>",
            ])
        // The same mail once more is another delivery.
        let again = SMTPConnectionTests.Heard()
        let third = try SMTPConnectionTests.server(again)
        #expect(reinjector(third, journal).deliver(try copies(two), of: identity) == .delivered)
        #expect(again.commands.filter { $0.hasPrefix("RCPT") }.count == 3)
    }

    /// Who may have a copy is not told that the message could not be delivered, however many attempts fail after that.
    @Test func aDoubtStaysADoubt() throws {
        let journal = MemoryJournal()
        let log = Lock<[String]>([])
        let dying = try SMTPConnectionTests.server(fault: .die, at: .end)
        let refusing = try SMTPConnectionTests.server(fault: .refuse5, at: .recipient)
        for server in [dying, refusing, refusing] {
            guard case .refused(let reply) = reinjector(server, journal, log).deliver(try copies(two), of: identity)
            else {
                Issue.record("delivered")
                return
            }
            #expect(reply.code == 451)
        }
        #expect(log.withLock { $0.count { $0.contains("twice") } } == 2)
        #expect(
            log.withLock { $0.filter { $0.hasPrefix("count") } } == [
                "count answer-lost 1", "count sent-again 1", "count sent-again 1",
            ])
        let heard = SMTPConnectionTests.Heard()
        let good = try SMTPConnectionTests.server(heard)
        #expect(reinjector(good, journal, log).deliver(try copies(two), of: identity) == .delivered)
        #expect(heard.commands.filter { $0.hasPrefix("RCPT") }.count == 3 && journal.isEmpty())
    }

    @Test func twoAttemptsAtOnceDoNotBothDeliver() throws {
        let journal = MemoryJournal()
        let made = try copies(two)
        _ = try journal.open(
            made.flatMap { copy in
                copy.recipients.map {
                    DeliveryRecipient(sender: copy.sender, recipient: $0.text, message: identity)
                }
            })
        let heard = SMTPConnectionTests.Heard()
        let server = try SMTPConnectionTests.server(heard)
        guard case .refused(let reply) = reinjector(server, journal).deliver(made, of: identity) else {
            Issue.record("delivered")
            return
        }
        #expect(reply.code == 451 && heard.commands.isEmpty)
    }

    /// What was accepted is written before anything else is waited for.
    @Test func theJournalKnowsBeforeTheGoodbye() throws {
        let journal = MemoryJournal()
        let unknown = Lock(0)
        let data = Lock(0)
        let server = try ScriptedServer { connection in
            try connection.write("220 x\r\n")
            while let line = try connection.command() {
                switch line.prefix(4) {
                case "DATA":
                    try connection.write("354 go\r\n")
                    _ = try connection.rawData()
                    data.withLock { $0 += 1 }
                    try connection.write("250 taken\r\n")
                case "QUIT":
                    let accepted = journal.stages.withLock { $0.values.count { $0 == .accepted } }
                    if accepted < 1 { unknown.withLock { $0 += 1 } }
                    return try connection.write("221 bye\r\n")
                default: try connection.write("250 ok\r\n")
                }
            }
        }
        #expect(reinjector(server, journal).deliver(try copies(two), of: identity) == .delivered)
        #expect(data.withLock { $0 } == 2 && unknown.withLock { $0 } == 0)
    }

    /// Messages do not wait for each other's connections.
    @Test func connectionsAreBoundedForAllMessages() throws {
        let heard = SMTPConnectionTests.Heard()
        let server = try SMTPConnectionTests.server(heard)
        let made = try copies([["plain@x.example"]] + (0..<5).map { ["key\($0)@x.example"] })
        let reinjector = reinjector(server, MemoryJournal())
        let all = reinjector.takeConnections(for: Reinjector.spareConnections)
        let more = reinjector.takeConnections(for: Reinjector.spareConnections)
        #expect(all == Reinjector.maxConnections && more == Reinjector.maxConnections)
        #expect(reinjector.takeConnections(for: 100) == Reinjector.spareConnections - all - more)
        #expect(reinjector.deliver(made, of: identity) == .delivered)
        #expect(heard.commands.filter { $0 == "DATA" }.count == 6)
        #expect(heard.commands.filter { $0.hasPrefix("EHLO") }.count == 1)
    }

    @Test func moreCopiesThanConnections() throws {
        let heard = SMTPConnectionTests.Heard()
        let server = try SMTPConnectionTests.server(heard)
        let groups = [["plain@x.example"]] + (0..<25).map { ["key\($0)@x.example"] }
        let made = try copies(groups)
        #expect(made.count == 26)
        #expect(reinjector(server, MemoryJournal()).deliver(made, of: identity) == .delivered)
        #expect(heard.commands.filter { $0 == "DATA" }.count == 26)
        #expect(heard.commands.filter { $0.hasPrefix("EHLO") }.count == Reinjector.maxConnections + 1)
    }
}
