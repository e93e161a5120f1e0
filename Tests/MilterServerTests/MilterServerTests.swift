import Glibc
import MailFlow
import TestSupport
import Testing

@testable import MilterServer

/// Every callback through the real libmilter, with a stub behind it.
@Suite(.serialized) struct MilterServerTests {
    let running: RunningServer
    init() throws { running = try RunningServer.shared.get() }

    private func envelope(_ client: MilterClient, _ behaviour: String) throws {
        #expect(try client.mail("<\(behaviour)@a.test>") == .init("c"))
        #expect(try client.recipient("<r@b.test>") == .init("c"))
        #expect(try client.data() == .init("c"))
        try client.header("Subject", " hello")
    }

    @Test func negotiatesOnlyWhatIsUsed() throws {
        let client = try running.client()
        let agreement = try client.negotiate()
        // Add and change headers, change body, macro lists; no quarantine, recipients, sender.
        #expect(agreement.actions == 0x1 | 0x2 | 0x10 | 0x100)
        // No HELO, no unknown, no DATA; no reply to headers and connect; SKIP, leading space.
        #expect(agreement.steps == 0x2 | 0x100 | 0x200 | 0x80 | 0x1000 | 0x400 | 0x10_0000)
        #expect(agreement.macros[0] == "j {daemon_name}")
        #expect(agreement.macros[2]?.contains("{auth_authen}") == true)
        #expect(agreement.macros[2]?.contains("{cert_subject}") == true)
        #expect(agreement.macros[3]?.contains("{rcpt_mailer}") == true)
        #expect(agreement.macros[5] == "i")
    }

    @Test func refusesAnMTAThatForbidsEdits() throws {
        let client = try running.client()
        #expect(throws: MilterClient.Failure.self) { try client.negotiate(actions: 0x1) }
    }

    @Test func passesEveryEventAndNothingElse() throws {
        let client = try running.greeted("normal")
        try client.macros(for: "M", [("i", "Q1"), ("{auth_authen}", "alice")])
        #expect(try client.mail("<plain@a.test>", "SIZE=10", "BODY=8BITMIME") == .init("c"))
        try client.macros(for: "R", [("{rcpt_mailer}", "smtp")])
        #expect(try client.recipient("<r@b.test>") == .init("c"))
        #expect(try client.data() == .init("c"))
        try client.header("Subject", " a\n\tb")
        try client.macros(for: "N", [("i", "Q1")])
        #expect(try client.endOfHeaders() == .init("c"))
        #expect(try client.body(Array("x\r\n".utf8)) == .init("c"))
        #expect(try client.endOfMessage() == [.init("c")])
        try client.quit()
        #expect(running.recorder.wait(for: "closed", of: "normal"))
        #expect(
            running.recorder.events(of: "normal") == [
                "connected [192, 0, 2, 1] smtpd", "sender <plain@a.test> [\"SIZE=10\", \"BODY=8BITMIME\"] alice",
                "recipient <r@b.test> smtp", "header Subject: a\n\tb", "endOfHeaders Q1", "body 3", "endOfMessage 3",
                "closed",
            ])
    }

    @Test func givesTheLeadingBlankToTheSessionWhenTheMTADoesNot() throws {
        let client = try running.client()
        try client.negotiate(steps: MilterClient.allSteps & ~0x10_0000)
        try client.connect(host: "tight")
        #expect(try client.mail("<rewrite@a.test>") == .init("c"))
        #expect(try client.recipient("<r@b.test>") == .init("c"))
        try client.header("Subject", "tight")
        #expect(try client.endOfHeaders() == .init("c"))
        let results = try client.endOfMessage()
        #expect(running.recorder.events(of: "tight").contains("header Subject: tight"))
        // And takes it away again on the way out.
        #expect(results.contains { $0.letter == "i" && $0.text.hasSuffix("Authentication-Results|first|") })
    }

    @Test func worksWithAnMTAOfTheOldProtocol() throws {
        let client = try running.client()
        let agreement = try client.negotiate(actions: 0x3F, steps: 0x7F)
        #expect(agreement.actions == 0x13)
        #expect(try client.connect(host: "old") == .init("c"))
        #expect(try client.mail("<skip@a.test>") == .init("c"))
        #expect(try client.recipient("<r@b.test>") == .init("c"))
        #expect(try client.header("Subject", "x") == .init("c"))
        #expect(try client.endOfHeaders() == .init("c"))
        // Without SKIP the body is taken and dropped.
        #expect(try client.body([0x61]) == .init("c"))
        #expect(try client.endOfMessage().last == .init("c"))
        #expect(!running.recorder.events(of: "old").contains("body 1"))
    }

    @Test func handsOverEditsAndBody() throws {
        let client = try running.greeted("rewrite")
        try envelope(client, "rewrite")
        #expect(try client.endOfHeaders() == .init("c"))
        let results = try client.endOfMessage()
        #expect(results.last == .init("c"))
        #expect(results.map(\.letter) == ["m", "m", "i", "h", "b", "b", "b", "b", "c"])
        #expect(results[0].text == "|||\u{2}Subject||")
        #expect(results[1].text == "|||\u{1}Subject| =?new\n fold|")
        #expect(results[2].text == "||||Authentication-Results| first|")
        #expect(results[3].text == "X-Last|tight|")
        #expect(results[4...7].map(\.payload.count) == [61440, 61440, 61440, 15680])
    }

    @Test func anEmptyBodyIsSaid() throws {
        let client = try running.greeted("empty")
        try envelope(client, "empty-body")
        #expect(try client.endOfHeaders() == .init("c"))
        #expect(try client.body([0x61]) == .init("c"))
        #expect(try client.endOfMessage() == [.init("b"), .init("c")])
    }

    @Test func aFailingCallDefers() throws {
        let client = try running.greeted("bad")
        try envelope(client, "bad-edit")
        #expect(try client.endOfHeaders() == .init("c"))
        #expect(try client.endOfMessage().last?.text.hasPrefix("451 4.3.0 ") == true)
    }

    @Test func acceptsOnlyAfterTheHeaders() throws {
        let client = try running.greeted("accept")
        try envelope(client, "early-accept")
        #expect(try client.endOfHeaders() == .init("a"))
        // The connection lives on, and the next message is seen.
        try envelope(client, "accept")
        #expect(try client.endOfHeaders() == .init("a"))
        #expect(running.server.messagesInFlight == 0)
    }

    @Test func skipsAtTheFirstBodyChunk() throws {
        let client = try running.greeted("skip")
        try envelope(client, "skip")
        #expect(try client.endOfHeaders() == .init("c"))
        #expect(try client.body([0x61]) == .init("s"))
        #expect(try client.endOfMessage().map(\.letter) == ["h", "c"])
    }

    @Test(arguments: ["reject-header", "reject-eoh", "reject-body", "reject-eom"]) func refusesAtTheStage(
        _ behaviour: String
    ) throws {
        let client = try running.greeted(behaviour)
        try envelope(client, behaviour)
        var answer = try client.endOfHeaders()
        if behaviour == "reject-body" || behaviour == "reject-eom" {
            #expect(answer == .init("c"))
            answer = try client.body([0x61])
        }
        if behaviour == "reject-eom" {
            #expect(answer == .init("c"))
            let results = try client.endOfMessage()
            #expect(results.count == 1)
            answer = try #require(results.last)
        }
        #expect(answer.letter == "y")
        #expect(answer.text == "550 5.7.1 100%% no??really: ?|")
        #expect(running.server.messagesInFlight == 0)
    }

    @Test func refusesSendersAndRecipients() throws {
        let client = try running.greeted("refusals")
        #expect(try client.mail("<reject-mail@a.test>").text.hasPrefix("550 5.7.1") == true)
        #expect(try client.mail("<defer-mail@a.test>").text == "451 4.7.1 later|")
        #expect(try client.mail("<plain@a.test>") == .init("c"))
        #expect(try client.recipient("<no@b.test>").text.hasPrefix("550 5.7.1") == true)
        // The others go on.
        #expect(try client.recipient("<r@b.test>") == .init("c"))
        #expect(try client.endOfHeaders() == .init("c"))
        #expect(try client.endOfMessage() == [.init("c")])
    }

    @Test func aRefusedConnectionIsRefusedAtMail() throws {
        let client = try running.greeted("refused")
        #expect(try client.mail("<plain@a.test>").text == "451 4.7.1 later|")
        #expect(try client.mail("<plain@a.test>").text == "451 4.7.1 later|")
    }

    @Test func anAbortedMessageLeavesTheConnectionUsable() throws {
        let client = try running.greeted("aborted")
        try envelope(client, "rewrite")
        try client.abort()
        try envelope(client, "plain")
        #expect(try client.endOfHeaders() == .init("c"))
        #expect(try client.endOfMessage() == [.init("c")])
        #expect(running.recorder.events(of: "aborted").filter { $0 == "aborted" }.count == 1)
    }

    @Test func aRefusedHeaderConcernsItsMessageOnly() throws {
        let client = try running.greeted("aborted-after-header")
        try envelope(client, "reject-header")
        try client.abort()
        try envelope(client, "plain")
        #expect(try client.endOfHeaders() == .init("c"))
        #expect(try client.endOfMessage().last == .init("c"))
    }

    @Test func leavingInTheMiddleEndsTheMessage() throws {
        let client = try running.greeted("gone")
        try envelope(client, "plain")
        client.disconnect()
        #expect(running.recorder.wait(for: "closed", of: "gone"))
        #expect(running.recorder.events(of: "gone").suffix(2) == ["aborted", "closed"])
        #expect(running.server.messagesInFlight == 0)
    }

    @Test func takesHeaderFieldsBeyondOnePacketOfTheOldLimit() throws {
        let client = try running.greeted("oversized")
        try envelope(client, "plain")
        try client.header("X-Big", String(repeating: "x", count: 300_000))
        #expect(try client.endOfHeaders() == .init("c"))
        #expect(try client.endOfMessage() == [.init("c")])
        #expect(running.recorder.events(of: "oversized").contains("header X-Big:300000"))
    }

    @Test func aReloadReachesTheNextMessageOfAnOpenConnection() throws {
        let client = try running.greeted("reload")
        try envelope(client, "plain")
        running.source.reload()
        #expect(try client.endOfHeaders() == .init("c"))
        #expect(try client.endOfMessage() == [.init("c")])
        #expect(!running.recorder.events(of: "reload").contains("closed"))
        #expect(try client.mail("<plain@a.test>") == .init("c"))
        #expect(
            running.recorder.events(of: "reload").suffix(3).map { $0.prefix(9) } == [
                "closed", "connected", "sender <p",
            ])
        try client.abort()
    }

    @Test func aLongEndOfMessageShowsSignsOfLife() throws {
        running.recorder.setGate(open: false)
        let client = try running.greeted("progress")
        try envelope(client, "gate")
        #expect(try client.endOfHeaders() == .init("c"))
        try client.send("E")
        #expect(try client.receive() == .init("p"))
        #expect(try client.receive() == .init("p"))
        running.recorder.setGate(open: true)
        #expect(try client.results().filter { $0.letter != "p" }.map(\.letter) == ["h", "c"])
    }

    @Test func drainingDefersNewMailAndLetsTheRunningFinish() throws {
        running.recorder.setGate(open: false)
        let client = try running.greeted("drained")
        try envelope(client, "gate")
        #expect(try client.endOfHeaders() == .init("c"))
        let other = try running.greeted("latecomer")
        try client.send("E")
        #expect(running.recorder.waitForCrowd(1) == 1)
        #expect(running.server.drain(seconds: 0) == 1)
        #expect(try other.mail("<plain@a.test>").text.hasPrefix("451 4.3.2 ") == true)
        running.recorder.setGate(open: true)
        #expect(running.server.drain(seconds: 60) == 0)
        #expect(try client.results().last == .init("c"))
        running.server.gate.reopen()
        #expect(try other.mail("<plain@a.test>") == .init("c"))
    }

    /// Without the remedy of `ProgressTicker` 73 of the 300 got a worker, the others waited for one of these to return.
    @Test func hundredsOfBlockedCallbacksDoNotStarveThePool() throws {
        running.recorder.setGate(open: false)
        let clients = try (0..<300).map { try running.greeted("crowd\($0)") }
        for client in clients {
            try envelope(client, "gate")
            #expect(try client.endOfHeaders() == .init("c"))
        }
        for client in clients { try client.send("E") }
        #expect(running.recorder.waitForCrowd(clients.count) == clients.count)
        // One more connection is served while all the others block.
        let other = try running.greeted("one-more")
        #expect(try other.mail("<plain@a.test>") == .init("c"))
        running.recorder.setGate(open: true)
        for client in clients { #expect(try client.results().last == .init("c")) }
    }

    @Test func tooManyMessagesAreDeferred() throws {
        let clients = try (0..<400).map { try running.greeted("full\($0)") }
        for client in clients { #expect(try client.mail("<plain@a.test>") == .init("c")) }
        let other = try running.greeted("overflow")
        #expect(try other.mail("<plain@a.test>").text.hasPrefix("451 4.3.2 ") == true)
        for client in clients { try client.abort() }
        #expect(try clients[0].mail("<plain@a.test>") == .init("c"))
        try clients[0].abort()
    }

    @Test func theSocketHasItsModeAndIsNotTakenTwice() throws {
        var status = stat()
        #expect(stat(running.path, &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o640)
        let error = #expect(throws: MilterError.self) {
            try UnixSocket(path: running.path).open(mode: 0o600, group: nil, owner: nil)
        }
        #expect(error?.code == .socketInUse)
        let missing = #expect(throws: MilterError.self) {
            try UnixSocket(path: "/nonexistent/x").open(mode: 0o600, group: nil, owner: nil)
        }
        #expect(missing?.message.contains("install -d") == true)
        let group = #expect(throws: MilterError.self) {
            try UnixSocket(path: "/tmp/x").open(mode: 0o600, group: "no-such-group", owner: nil)
        }
        #expect(group?.code == .unknownGroup)
    }

    @Test(
        .enabled(if: access("/usr/bin/miltertest", X_OK) == 0),
        arguments: ["normal", "aborted", "quit", "oversized", "refusals"])
    func miltertestAgrees(_ script: String) throws {
        let result = try MilterTest.run(script: script, socket: running.path)
        #expect(result.status == 0, "\(result.output)")
    }
}
