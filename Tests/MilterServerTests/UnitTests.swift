import MailFlow
import Testing

@testable import MilterServer

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("unix:/run/x.sock", "local:/run/x.sock"), ("local:/run/x.sock", "local:/run/x.sock"),
        ("/run/x.sock", "local:/run/x.sock"),
        ("inet:8891@127.0.0.1", "inet:8891@[127.0.0.1]"), ("inet:127.0.0.1:8891", "inet:8891@[127.0.0.1]"),
        ("inet:8891@localhost", "inet:8891@localhost"), ("inet:8891", "inet:8891"),
        ("INET:localhost:25", "inet:25@localhost"),
        ("inet6:8891@[::1]", "inet6:8891@[::1]"), ("inet6:[::1]:8891", "inet6:8891@[::1]"),
        ("inet6:8891@::1", "inet6:8891@[::1]"),
        ("inet:*:8891", "inet:8891"),
    ]) func reads(_ text: String, _ notation: String) throws {
        #expect(try ListenAddress(text).libmilterNotation == notation)
    }

    @Test(arguments: [
        "", "x", "unix:relative", "unix:", "inet:", "inet:host", "inet:0@h", "inet:70000@h", "tcp:1@h", "inet:1@a@b",
        "unix:/a b",
        "unix:/" + String(repeating: "x", count: 107), "inet:25@[::1",
    ]) func refuses(_ text: String) {
        let error = #expect(throws: MilterError.self) { try ListenAddress(text) }
        #expect(error?.code == .badSocket)
        #expect(error?.message.contains("write unix:/path") == true)
    }
}

@Suite struct ReplyTextTests {
    private func text(_ code: Int, _ enhanced: String, _ text: String) -> ReplyText {
        ReplyText(SMTPReply(code: code, enhanced: enhanced, text: text))
    }

    @Test func keepsWhatIsRight() {
        let reply = text(550, "5.7.1", "no key for bob@b.test (rule 3)")
        #expect(reply.code == "550" && reply.enhanced == "5.7.1" && reply.isPermanent)
        #expect(reply.text == "no key for bob@b.test (rule 3)")
    }

    @Test func anInvalidCodeBecomesADeferral() {
        for code in [0, 200, 250, 354, 600, -1] {
            let reply = text(code, "2.0.0", "x")
            #expect(reply.code == "451" && reply.enhanced == "4.0.0" && !reply.isPermanent)
        }
        #expect(text(550, "4.7.1", "x").enhanced == "5.0.0")
        #expect(text(451, "nonsense", "x").enhanced == "4.0.0")
    }

    @Test func sanitises() {
        #expect(text(451, "4.0.0", "a\r\nb\0c%s\u{E9}\t").text == "a??b?c%%s??")
        #expect(text(451, "4.0.0", "").text == "Refused")
        let long = text(451, "4.0.0", String(repeating: "%", count: 2000)).text
        #expect(long.utf8.count == ReplyText.maximumLength && long.utf8.count.isMultiple(of: 2))
    }
}

@Suite struct EditWriterTests {
    private func wire(_ value: String, leadingSpace: Bool) -> String {
        String(decoding: EditWriter.wireValue(Array(value.utf8), leadingSpace: leadingSpace), as: UTF8.self)
    }

    @Test func keepsTheValueAsGivenWithLeadingSpace() {
        #expect(wire(" a\r\n\tb\r\n", leadingSpace: true) == " a\n\tb")
        #expect(wire("\n\tfolded at once", leadingSpace: true) == "\n\tfolded at once")
        #expect(wire("tight", leadingSpace: true) == "tight")
        // Empty would mean removal.
        #expect(wire("", leadingSpace: true) == " ")
    }

    @Test func takesOneBlankAwayWithout() {
        #expect(wire(" a", leadingSpace: false) == "a")
        #expect(wire("  a", leadingSpace: false) == " a")
        #expect(wire("a\r", leadingSpace: false) == "a")
        #expect(wire("", leadingSpace: false) == " ")
        #expect(wire(" ", leadingSpace: false) == " ")
    }
}

@Suite struct MessageGateTests {
    @Test func countsRefusesAndDrains() {
        let gate = MessageGate(limit: 2)
        #expect(gate.enter() == .admitted)
        #expect(gate.enter() == .admitted)
        #expect(gate.enter() == .full)
        gate.leave()
        gate.close()
        #expect(gate.enter() == .draining)
        #expect(gate.waitUntilEmpty(seconds: 0) == 1)
        gate.leave()
        #expect(gate.waitUntilEmpty(seconds: 60) == 0)
    }
}

@Suite struct NegotiationTests {
    @Test func needsEveryEdit() {
        for missing: UInt in [0x1, 0x2, 0x10] {
            #expect(Negotiation(offeredActions: 0x1FF & ~missing, offeredSteps: 0, isLocal: true) == nil)
        }
        #expect(Negotiation(offeredActions: 0x13, offeredSteps: 0, isLocal: true)?.setsMacros == false)
    }

    @Test func neverAsksForMoreThanOffered() throws {
        for steps: UInt in [0, 0x7F, 0x400, 0x10_0480, 0x1F_FFFF] {
            let agreed = try #require(Negotiation(offeredActions: 0x1FF, offeredSteps: steps, isLocal: false))
            #expect(agreed.steps & ~steps == 0)
            let local = try #require(Negotiation(offeredActions: 0x1FF, offeredSteps: steps, isLocal: true))
            #expect(local.steps == agreed.steps | (steps & 0x200))
            // What decides must always be sent and answered.
            #expect(
                agreed.steps & (0x1 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40 | 0x200 | 0x4000 | 0x8000 | 0x40000 | 0x80000) == 0
            )
        }
    }
}
