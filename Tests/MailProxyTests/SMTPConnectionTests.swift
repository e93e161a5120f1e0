import Foundation
import TestSupport
import Testing

@testable import MailProxy

/// The client against a server that plays a script, over a real socket.
@Suite struct SMTPConnectionTests {
    /// What a server did and heard.
    final class Heard: @unchecked Sendable {
        private let lock = NSLock()
        private var lines: [String] = []
        private var raw: [UInt8] = []
        func add(_ line: String) { lock.withLock { lines.append(line) } }
        func add(_ data: [UInt8]) { lock.withLock { raw += data } }
        var commands: [String] { lock.withLock { lines } }
        var data: [UInt8] { lock.withLock { raw } }
    }

    enum Fault: String, Sendable, CaseIterable { case refuse4, refuse5, die, silence, nonsense, wrongClass, twice }

    static let steps: [SMTPStep] = [.greeting, .hello, .mail, .recipient, .data, .end]

    /// A server that takes everything but does `fault` at `step`.
    static func server(
        _ heard: Heard = Heard(), fault: Fault? = nil, at step: SMTPStep? = nil,
        ehlo: String = "250-test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE\r\n",
        recipients: @escaping @Sendable (String) -> String = { _ in "250 ok" }, lmtp: Bool = false
    ) throws -> ScriptedServer {
        struct Over: Error {}
        return try ScriptedServer { connection in
            func answer(_ reply: String, _ now: SMTPStep) throws {
                guard let fault, now == step else { return try connection.write(reply + "\r\n") }
                switch fault {
                case .refuse4: try connection.write("450 4.3.0 not now\r\n")
                case .refuse5: try connection.write("550 5.7.1 never\r\n")
                case .die: throw Over()
                case .silence: while try connection.command() != nil {}
                case .nonsense: try connection.write("\u{1}what?\r\n")
                case .wrongClass: try connection.write(now == .data ? "250 ok\r\n" : "354 go\r\n")
                case .twice: try connection.write("\(reply)\r\n\(reply)\r\n\(reply)\r\n")
                }
            }
            try answer("220 test ESMTP", .greeting)
            var accepted = 0
            while let line = try connection.command() {
                heard.add(line)
                switch line.prefix(4).uppercased() {
                case "EHLO", "LHLO": try answer(String(ehlo.dropLast()), .hello)
                case "MAIL":
                    accepted = 0
                    try answer("250 2.1.0 ok", .mail)
                case "RCPT":
                    let reply = recipients(line)
                    if reply.hasPrefix("2") { accepted += 1 }
                    try answer(reply, .recipient)
                case "DATA":
                    try answer("354 go", .data)
                    guard fault == nil || step != .data, let data = try connection.rawData() else { continue }
                    heard.add(data)
                    for index in 0..<(lmtp ? accepted : 1) {
                        try answer(lmtp && index == 1 ? "452 4.2.2 full" : "250 2.0.0 taken", .end)
                    }
                case "QUIT":
                    try connection.write("221 bye\r\n")
                    return
                default: try connection.write("250 ok\r\n")
                }
            }
        }
    }

    static func settings(_ server: ScriptedServer, seconds: Double = 20) -> ClientSettings {
        var settings = ClientSettings(
            endpoint: .tcp(host: "127.0.0.1", port: Int(server.port)), helloName: "guard.test")
        settings.tls = .none
        settings.timeouts = StepTimeouts(all: seconds)
        return settings
    }

    static func envelope(_ recipients: [String] = ["bob@example.org"]) -> SMTPEnvelope {
        SMTPEnvelope(
            sender: SMTPPath(Array("alice@example.org".utf8)) ?? .null,
            recipients: recipients.map { .init(SMTPPath(Array($0.utf8)) ?? .null) }, size: 20)
    }

    static let mail = Array("Subject: x\r\n\r\n.dot\nbare".utf8)

    @Test func deliversTwoMessagesOverOneConnection() throws {
        let heard = Heard()
        let server = try Self.server(heard)
        let connection = try SMTPConnection.open(Self.settings(server))
        for _ in 0..<2 {
            let answers = try connection.begin(Self.envelope(["bob@example.org", "carol@example.org"]))
            #expect(answers.map(\.code) == [250, 250])
            #expect(try connection.send { try $0(Self.mail) }.map(\.enhanced) == ["2.0.0"])
        }
        connection.quit()
        let transaction = [
            "MAIL FROM:<alice@example.org> SIZE=20", "RCPT TO:<bob@example.org>", "RCPT TO:<carol@example.org>", "DATA",
        ]
        #expect(heard.commands == ["EHLO guard.test"] + transaction + transaction + ["QUIT"])
        let sent = "Subject: x\r\n\r\n..dot\r\nbare\r\n.\r\n"
        #expect(heard.data == Array((sent + sent).utf8))
    }

    @Test func holdsSeveralTransactionsOpen() throws {
        let heard = Heard()
        let server = try Self.server(heard, recipients: { $0.contains("eve") ? "550 5.1.1 unknown" : "250 ok" })
        let connections = try ["bob@example.org", "eve@example.org"].map { recipient in
            let connection = try SMTPConnection.open(Self.settings(server))
            return (connection, try connection.begin(Self.envelope([recipient])))
        }
        #expect(connections.map { $0.1.map(\.code) } == [[250], [550]])
        // All is known, and no content of any was sent.
        #expect(!heard.commands.contains("DATA"))
        for (connection, _) in connections {
            try connection.reset()
            connection.quit()
        }
        #expect(heard.data.isEmpty)
    }

    /// Every fault at every step: an error that names the step, or, where only the recipient is refused, an answer; never
    /// a hang, and never a message taken for delivered that was not.
    @Test(arguments: Fault.allCases, steps)
    func namesTheStepOfEveryFault(_ fault: Fault, _ step: SMTPStep) throws {
        for pipelining in [true, false] { try check(fault, step, pipelining: pipelining) }
    }

    private func check(_ fault: Fault, _ step: SMTPStep, pipelining: Bool) throws {
        let heard = Heard()
        let server = try Self.server(
            heard, fault: fault, at: step,
            ehlo: pipelining ? "250-test\r\n250-PIPELINING\r\n250 SIZE\r\n" : "250-test\r\n250 SIZE\r\n")
        let client = SMTPClient(Self.settings(server, seconds: fault == .silence ? 0.3 : 20), budget: 20)
        do {
            try client.deliver(Self.mail, Self.envelope())
            // Too many replies to the last command come too late to matter, and who refuses EHLO may know HELO.
            #expect(fault == .twice || (fault == .refuse5 && step == .hello))
            #expect(heard.data.count > 0)
        } catch let error as MailProxyError {
            let codes: [MailProxyError.Code] =
                switch fault {
                case .refuse4, .refuse5: [.refused]
                case .die: [.closed]
                case .silence: [.timedOut]
                case .nonsense, .wrongClass: [.nonsense]
                case .twice: [.nonsense, .closed]
                }
            #expect(codes.contains(error.code), "\(error)")
            if fault != .twice { #expect(error.step == step, "\(error)") }
            // Who is not served on one connection may be on another.
            #expect(error.isPermanent == (fault == .refuse5 && step != .greeting && step != .hello))
            let isKnown = fault == .refuse4 || fault == .refuse5 || step != .end
            if fault != .twice { #expect(error.mayHaveBeenAccepted == !isKnown) }
            if fault == .refuse4 || fault == .refuse5 { #expect(error.reply != nil) }
        }
    }

    @Test func cannotBeUsedAfterItWasGivenUp() throws {
        let server = try Self.server(fault: .die, at: .data)
        let connection = try SMTPConnection.open(Self.settings(server))
        _ = try connection.begin(Self.envelope())
        #expect(throws: MailProxyError(.closed, at: .data, "")) { try connection.send { try $0(Self.mail) } }
        #expect(throws: MailProxyError(.misuse, at: .mail, "")) { try connection.begin(Self.envelope()) }
    }

    @Test func sendsNoDotWhenTheContentFails() throws {
        struct Broken: Error {}
        let heard = Heard()
        let server = try Self.server(heard)
        let connection = try SMTPConnection.open(Self.settings(server))
        _ = try connection.begin(Self.envelope())
        #expect(throws: Broken.self) {
            try connection.send { write in
                try write(Self.mail)
                throw Broken()
            }
        }
        #expect(throws: MailProxyError(.misuse, at: .mail, "")) { try connection.begin(Self.envelope()) }
        #expect(heard.data.isEmpty)
    }

    @Test func wantsARecipientBeforeContent() throws {
        let server = try Self.server(recipients: { _ in "550 no" })
        let connection = try SMTPConnection.open(Self.settings(server))
        #expect(try connection.begin(Self.envelope()).map(\.code) == [550])
        #expect(throws: MailProxyError(.misuse, at: .data, "")) { try connection.send { _ in } }
        connection.quit()
    }

    @Test func takesTheSenderRefusedAndGoesOn() throws {
        let server = try Self.server(fault: .refuse5, at: .mail)
        let connection = try SMTPConnection.open(Self.settings(server))
        for _ in 0..<2 {
            #expect(throws: MailProxyError(.refused, at: .mail, "")) { try connection.begin(Self.envelope()) }
        }
        connection.quit()
    }

    @Test func endsByTheDeadlineWhateverTheStepAllows() throws {
        let server = try Self.server(fault: .silence, at: .hello)
        #expect(throws: MailProxyError(.timedOut, at: .hello, "")) {
            try SMTPConnection.open(Self.settings(server, seconds: 600), deadline: Deadline(seconds: 0.3))
        }
    }

    @Test func fallsBackToHELO() throws {
        let heard = Heard()
        let server = try ScriptedServer { connection in
            try connection.write("220 old\r\n")
            while let line = try connection.command() {
                heard.add(line)
                switch line.prefix(4) {
                case "EHLO": try connection.write("502 5.5.1 what\r\n")
                case "DATA":
                    try connection.write("354 go\r\n")
                    heard.add(try connection.rawData() ?? [])
                    try connection.write("250 ok\r\n")
                default: try connection.write("250 ok\r\n")
                }
            }
        }
        try SMTPClient(Self.settings(server)).deliver(Self.mail, Self.envelope())
        #expect(heard.commands.prefix(3) == ["EHLO guard.test", "HELO guard.test", "MAIL FROM:<alice@example.org>"])
    }

    @Test func answersForEachRecipientInLMTP() throws {
        let heard = Heard()
        let server = try Self.server(
            heard, recipients: { $0.contains("eve") ? "550 5.1.1 unknown" : "250 ok" }, lmtp: true)
        var settings = Self.settings(server)
        settings.flavour = .lmtp
        let connection = try SMTPConnection.open(settings)
        let answers = try connection.begin(Self.envelope(["a@example.org", "eve@example.org", "b@example.org"]))
        #expect(answers.map(\.code) == [250, 550, 250])
        #expect(try connection.send { try $0(Self.mail) }.map(\.code) == [250, 452])
        connection.quit()
        #expect(heard.commands.first == "LHLO guard.test")
    }

    @Test func noticesARefusalInTheMiddleOfTheContent() throws {
        let server = try ScriptedServer { connection in
            try connection.write("220 x\r\n")
            while let line = try connection.command() {
                if line == "DATA" {
                    try connection.write("354 go\r\n552 5.3.4 too much already\r\n")
                    while try connection.command() != nil {}
                }
                try connection.write("250 ok\r\n")
            }
        }
        let connection = try SMTPConnection.open(Self.settings(server))
        _ = try connection.begin(Self.envelope())
        let error = #expect(throws: MailProxyError.self) {
            try connection.send { write in
                for _ in 0..<100_000 { try write([UInt8](repeating: 0x61, count: 1 << 10)) }
            }
        }
        #expect(error?.code == .refused && error?.step == .content && error?.reply?.code == 552)
    }

    @Test func readsNothingThatWasSaidBeforeTLS() throws {
        let server = try ScriptedServer { connection in
            try connection.write("220 x\r\n")
            while let line = try connection.command() {
                if line == "STARTTLS" {
                    try connection.write("220 go\r\n250-x\r\n250 SIZE 5\r\n")
                } else {
                    try connection.write("250-x\r\n250 STARTTLS\r\n")
                }
            }
        }
        var settings = Self.settings(server)
        settings.tls = .may
        #expect(throws: MailProxyError(.nonsense, at: .startTLS, "")) { try SMTPConnection.open(settings) }
    }

    @Test func insistsOnTLSWhereItIsRequired() throws {
        let server = try Self.server()
        var settings = Self.settings(server)
        settings.tls = .required
        #expect(throws: MailProxyError(.tlsMissing, at: .startTLS, "")) { try SMTPConnection.open(settings) }
        settings.tls = .may
        #expect(try SMTPConnection.open(settings).isEncrypted == false)
    }

    @Test func saysWhenNobodyListens() throws {
        let port = try SocketAddress.freePort()
        var settings = ClientSettings(endpoint: .tcp(host: "127.0.0.1", port: Int(port)), helloName: "x")
        settings.timeouts = StepTimeouts(all: 5)
        #expect(throws: MailProxyError(.unreachable, at: .connect, "")) { try SMTPConnection.open(settings) }
        settings.endpoint = .unix(path: "/nowhere/at/all")
        #expect(throws: MailProxyError(.unreachable, at: .connect, "")) { try SMTPConnection.open(settings) }
    }
}
