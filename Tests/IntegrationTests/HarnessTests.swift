import TestSupport
import Testing

/// The lab itself: without these the rest says nothing.
@Suite(.serialized, .enabled(if: PostfixInstance.isAvailable))
struct HarnessTests {
    @Test func recorderSeesWhatWasSent() throws {
        let sink = try SMTPSink()
        let folder = try TemporaryDirectory("lab", mode: 0o755)
        let noop = try NoopMilter(.record, socket: folder.file("noop.sock"))
        let postfix = try PostfixInstance(
            services: [.init("plain"), .init("recorded", milters: [noop.socket])], nonSMTPDMilters: [noop.socket],
            sink: sink)
        try postfix.start()
        defer { postfix.stop() }

        let body = ".dot\r\n..two\r\nend\r\n"
        let mail = TestMail.make(from: "a@guard.test", to: "b@remote.test", fields: ["X-Odd:  two spaces"], body: body)
        let reply = try SMTPClient.submit(
            port: postfix.port("recorded"), login: "a@guard.test", from: "a@guard.test", to: ["b@remote.test"],
            data: mail)
        #expect(reply.isPositive, "\(reply)")
        let arrived = try sink.message(to: "b@remote.test")
        #expect(arrived.parts.body == Array(body.utf8))
        let seen = try noop.recorded(try #require(reply.queueID))
        #expect(seen.body == Array(body.utf8))
        #expect(seen.fields(named: "X-Odd") == [Array("X-Odd:  two spaces\r\n".utf8)])

        try postfix.sendmail(["-f", "c@guard.test", "local-part"], message: Array("Subject: x\n\nhi\n".utf8))
        #expect(try sink.message(to: "local-part@guard.test").sender == "c@guard.test")
    }

    @Test func postfixLeavesNothingRunning() throws {
        let sink = try SMTPSink()
        let postfix = try PostfixInstance(services: [.init("plain")], sink: sink)
        try postfix.start()
        let master = try #require(postfix.masterPID)
        #expect(ProcessUsage.treeSeconds(master) >= 0)
        postfix.stop()
        #expect(ProcessUsage.sample(master) == nil)
        #expect(throws: TestFailure.self) { try SMTPClient(port: postfix.port("plain")) }
    }
}
