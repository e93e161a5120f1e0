import Foundation
import TestSupport
import Testing

extension Integration.SplitTests {
    /// Whatever goes wrong while copies are handed over: nobody is left out, nothing leaves in clear, and nobody has two
    /// copies but where one was taken and could not be known to be. What counts is what the next hops have.
    @Suite(.serialized) struct Faults {
        let lab: FaultLab
        init() throws {
            lab = try FaultLab.shared.get()
            try lab.reset()
        }

        private init(lab: FaultLab) { self.lab = lab }

        static let sender = "m@guard.test"
        static let recipients = ["p1@pgp.test", "s1@smime.test", "n1@none.test"]
        /// Faults come to the first, the second, the last copy.
        static let turns = [0, 1, 2]

        /// Counts how often a step was reached in one attempt.
        final class Turn: @unchecked Sendable {
            private let lock = NSLock()
            private var count = 0
            private var isOver = false
            private var isFinished = false
            /// Whether this is the turn, once.
            func comes(_ number: Int) -> Bool {
                lock.withLock {
                    defer { count += 1 }
                    guard !isOver, count == number else { return false }
                    isOver = true
                    return true
                }
            }
            var came: Bool { lock.withLock { isOver } }
            /// How often it was asked for.
            var number: Int { lock.withLock { count } }
            /// For what is done at the turn and takes its time.
            func finish() { lock.withLock { isFinished = true } }
            func waitForEnd() -> Bool { Wait.until { lock.withLock { isFinished } } }
        }

        private func mail(_ id: String) -> [UInt8] { TestMail.split(id, from: Self.sender, to: Self.recipients) }

        /// The retry, without faults.
        private func expectComplete(
            _ id: String, twice: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
        ) {
            lab.script { _ in nil }
            let reply = lab.deliver(from: Self.sender, to: Self.recipients, mail(id))
            #expect(reply?.isPositive == true, "\(id): \(String(describing: reply))", sourceLocation: sourceLocation)
            let counts = lab.counts(id)
            for recipient in Self.recipients {
                let count = counts[recipient] ?? 0
                #expect(
                    count == 1 || (count == 2 && twice.contains(recipient)), "\(id): \(recipient) has \(count)",
                    sourceLocation: sourceLocation)
            }
            expectProtected(id, sourceLocation)
        }

        private func expectProtected(_ id: String, _ sourceLocation: SourceLocation = #_sourceLocation) {
            for copy in lab.hop.messages + lab.relay.messages where copy.text.contains("<\(id)>") {
                let isClear = copy.text.contains("secret words")
                #expect(
                    isClear == (copy.recipients == ["n1@none.test"]), "\(id): \(copy.recipients)",
                    sourceLocation: sourceLocation)
            }
        }

        @Test(arguments: [SMTPSink.Fault.refuse4, .refuse5]) func eachRecipientRefusedInTurn(_ fault: SMTPSink.Fault)
            throws
        {
            for recipient in Self.recipients {
                let id = "refused.\(fault).\(recipient)"
                lab.script { $0.step == .recipient && $0.recipients == [recipient] ? fault : nil }
                let reply = try #require(lab.attempt(from: Self.sender, to: Self.recipients, mail(id)))
                #expect(reply.code == (fault == .refuse4 ? 451 : 550), "\(reply)")
                #expect(lab.counts(id).isEmpty)
                expectComplete(id)
            }
        }

        @Test(
            arguments: SMTPSink.Moment.Step.allCases,
            [SMTPSink.Fault.refuse4, .refuse5, .die, .dieAfterTaking, .nonsense, .dribble])
        func everyStepOfEveryCopy(_ step: SMTPSink.Moment.Step, _ fault: SMTPSink.Fault) throws {
            for turn in Self.turns {
                let id = "\(step).\(fault).\(turn)"
                let clock = Turn()
                lab.script { $0.step == step && clock.comes(turn) ? fault : nil }
                let reply = try #require(lab.attempt(from: Self.sender, to: Self.recipients, mail(id)))
                #expect(clock.came, "\(id): the fault was not reached")
                // A goodbye decides nothing, slowness neither, and who refuses EHLO may know HELO.
                let isHarmless =
                    fault == .dribble && step != .content || step == .quit || (step == .hello && fault == .refuse5)
                let taken = lab.counts(id)
                if isHarmless {
                    #expect(reply.isPositive, "\(id): \(reply)")
                    #expect(taken == Dictionary(uniqueKeysWithValues: Self.recipients.map { ($0, 1) }), "\(id)")
                    continue
                }
                #expect(!reply.isPositive, "\(id): \(reply)")
                if reply.code >= 500 { #expect(taken.isEmpty && fault == .refuse5, "\(id): \(reply), but \(taken)") }
                expectComplete(id, twice: step == .end && fault == .dieAfterTaking ? [Self.recipients[turn]] : [])
            }
        }

        /// The same on connections that waited. Those that have died by the next message are replaced.
        @Test(
            arguments: [SMTPSink.Moment.Step.mail, .recipient, .data, .content, .end],
            [SMTPSink.Fault.refuse4, .refuse5, .die, .dieAfterTaking, .nonsense])
        func everyStepOnConnectionsThatWaited(_ step: SMTPSink.Moment.Step, _ fault: SMTPSink.Fault) throws {
            let keeping = Faults(lab: try FaultLab.keeping.get())
            try keeping.lab.reset()
            for turn in Self.turns { try keeping.onWaiting(step, fault, turn) }
        }

        private func onWaiting(_ step: SMTPSink.Moment.Step, _ fault: SMTPSink.Fault, _ turn: Int) throws {
            let id = "waited.\(step).\(fault).\(turn)"
            expectComplete("before.\(id)")
            let (clock, greetings) = (Turn(), Turn())
            lab.script {
                if $0.step == .greeting { _ = greetings.comes(-1) }
                return $0.step == step && clock.comes(turn) ? fault : nil
            }
            let reply = try #require(lab.attempt(from: Self.sender, to: Self.recipients, mail(id)))
            #expect(clock.came, "\(id): the fault was not reached")
            let taken = lab.counts(id)
            // Before a sender was taken nothing of a message was sent.
            if step == .mail {
                #expect(reply.isPositive && greetings.number == 1, "\(id): \(reply), \(greetings.number) new")
            } else {
                #expect(!reply.isPositive && greetings.number == 0, "\(id): \(reply), \(greetings.number) new")
            }
            if reply.code >= 500 { #expect(taken.isEmpty && fault == .refuse5, "\(id): \(reply), but \(taken)") }
            if reply.isPositive {
                #expect(taken == Dictionary(uniqueKeysWithValues: Self.recipients.map { ($0, 1) }), "\(id)")
            } else {
                expectComplete(id, twice: step == .end && fault == .dieAfterTaking ? [Self.recipients[turn]] : [])
            }
        }

        /// kill -9 with connections that wait, and such that are in use again.
        @Test(arguments: [SMTPSink.Moment.Step.mail, .recipient, .data, .end])
        func killedOnConnectionsThatWaited(_ step: SMTPSink.Moment.Step) throws {
            let keeping = Faults(lab: try FaultLab.keeping.get())
            try keeping.lab.reset()
            for turn in Self.turns {
                keeping.expectComplete("before.killed.\(step).\(turn)")
                try keeping.killed("waited.killed.\(step).\(turn)", step, turn)
                try keeping.lab.reset()
            }
        }

        /// Over the budget the answer is 451, and the rest comes with the next attempt.
        @Test func aNextHopThatNeverAnswers() throws {
            let clock = Turn()
            lab.script { $0.step == .end && clock.comes(1) ? .hold : nil }
            let reply = try #require(lab.attempt(from: Self.sender, to: Self.recipients, mail("hold")))
            #expect(reply.code == 451, "\(reply)")
            #expect(lab.counts("hold") == [Self.recipients[0]: 1])
            expectComplete("hold")
        }

        /// kill -9 wherever the journal stands: nothing written, begun, judged, half sent, taken but not recorded, recorded,
        /// complete but not closed.
        @Test(arguments: SMTPSink.Moment.Step.allCases) func killedAt(_ step: SMTPSink.Moment.Step) throws {
            for turn in Self.turns {
                try lab.reset()
                try killed("killed.\(step).\(turn)", step, turn)
            }
        }

        private func killed(_ id: String, _ step: SMTPSink.Moment.Step, _ turn: Int) throws {
            let clock = Turn()
            let guardd = lab.guardd
            lab.script {
                if $0.step == step, clock.comes(turn) {
                    guardd.killNow()
                    clock.finish()
                }
                return nil
            }
            let reply = lab.attempt(from: Self.sender, to: Self.recipients, mail(id))
            #expect(clock.waitForEnd() && reply?.isTemporary != false, "\(id): \(String(describing: reply))")
            try guardd.start()
            // As long as the dead attempt may be alive nobody else sends; where nothing is left to send, all is well.
            let early = lab.attempt(from: Self.sender, to: Self.recipients, mail(id))
            if step == .quit, turn == 2 {
                #expect(early?.isPositive == true, "\(id): \(String(describing: early))")
                #expect(lab.counts(id) == Dictionary(uniqueKeysWithValues: Self.recipients.map { ($0, 1) }), "\(id)")
                return
            }
            #expect(early?.code == 451, "\(id): \(String(describing: early))")
            try lab.ageJournal()
            // What was sent before may be read, and taken, after.
            expectComplete(id, twice: step == .content || step == .end ? [Self.recipients[turn]] : [])
        }

        /// The store does not take what is to be written.
        @Test(arguments: ["INSERT", "UPDATE", "DELETE"]) func theJournalCannotBeWritten(_ operation: String) throws {
            let id = "journal.\(operation)"
            try lab.sql("CREATE TRIGGER broken BEFORE \(operation) ON delivery BEGIN SELECT RAISE(ABORT, 'full'); END")
            let reply = try #require(lab.attempt(from: Self.sender, to: Self.recipients, mail(id)))
            try lab.sql("DROP TRIGGER broken")
            #expect(reply.code == 451, "\(reply)")
            let taken = lab.counts(id)
            switch operation {
            case "INSERT": #expect(taken.isEmpty)
            case "UPDATE":
                #expect(taken == [Self.recipients[0]: 1], "after the first that is not recorded nothing more is sent")
            default: #expect(taken.count == 3)
            }
            try lab.ageJournal()
            expectComplete(id, twice: operation == "UPDATE" ? [Self.recipients[0]] : [])
        }

        /// guardd hands over everything, but Postfix is gone before it hears so.
        @Test(arguments: [SMTPSink.Moment.Step.mail, .data, .end, .quit]) func postfixRestartedAt(
            _ step: SMTPSink.Moment.Step
        ) throws {
            let id = "restart.\(step)"
            let clock = Turn()
            let postfix = lab.postfix
            lab.script {
                if $0.step == step, clock.comes(1) {
                    postfix.stop()
                    clock.finish()
                }
                return nil
            }
            let reply = lab.attempt(from: Self.sender, to: Self.recipients, mail(id))
            #expect(clock.waitForEnd() && reply?.isPositive != true, "\(id): \(String(describing: reply))")
            try postfix.start()
            // Nobody can know: answered, not heard.
            expectComplete(id, twice: Self.recipients)
        }

        /// A key was added, or a rule changed, between two attempts; even to what makes the message one.
        @Test func thePlanChangesBetweenAttempts() throws {
            let id = "changed.plan"
            let to = ["p1@pgp.test", "late@pgp.test", "p2@pgp.test"]
            let mail = TestMail.split(id, from: Self.sender, to: to)
            let clock = Turn()
            lab.script { $0.step == .end && clock.comes(1) ? .refuse4 : nil }
            let first = try #require(lab.attempt(from: Self.sender, to: to, mail))
            #expect(first.code == 451 && lab.counts(id) == ["p1@pgp.test": 1, "p2@pgp.test": 1], "\(first)")
            lab.script { _ in nil }
            try lab.guardd.importPublic(lab.people.lateKey)
            #expect(lab.deliver(from: Self.sender, to: to, mail)?.isPositive == true)
            #expect(lab.counts(id) == ["p1@pgp.test": 1, "p2@pgp.test": 1, "late@pgp.test": 1])
            let late = lab.hop.messages.first { $0.recipients == ["late@pgp.test"] }
            #expect(late.map(CopyReader.form) == .openpgp, "with the key of now")

            // The other way round: nothing is to be protected any more.
            let second = "changed.rule"
            let again = TestMail.split(second, from: Self.sender, to: Self.recipients)
            let turn = Turn()
            lab.script { $0.step == .end && turn.comes(2) ? .refuse4 : nil }
            #expect(lab.attempt(from: Self.sender, to: Self.recipients, again)?.code == 451)
            lab.script { _ in nil }
            lab.guardd.killNow()
            lab.guardd.rules = [.init("never", recipient: "*", encrypt: "never", sign: "never")]
            try lab.guardd.writeConfiguration()
            defer {
                lab.guardd.killNow()
                lab.guardd.rules = FaultLab.rules
                try? lab.guardd.writeConfiguration()
            }
            try lab.guardd.start()
            #expect(lab.deliver(from: Self.sender, to: Self.recipients, again)?.isPositive == true)
            #expect(lab.counts(second) == Dictionary(uniqueKeysWithValues: Self.recipients.map { ($0, 1) }))
            // And once it was answered, the same mail goes its normal way.
            #expect(lab.deliver(from: Self.sender, to: Self.recipients, again)?.isPositive == true)
            _ = try lab.relay.wait { $0.text.contains(second) }
            #expect(lab.counts(second) == Dictionary(uniqueKeysWithValues: Self.recipients.map { ($0, 2) }))
        }

        /// Without faults nobody gets anything twice, however many send at once.
        @Test func manyAtOnceWithoutFaults() throws {
            let lab = try FaultLab.keeping.get()
            try lab.reset()
            let run = try FaultRun(lab, seed: 1, messages: 100, chance: 0, kills: 0).run()
            #expect(run.problems == [] && run.duplicates == 0)
        }

        /// Seeded and repeatable: the faults of a message depend on its number alone. 10,000 messages with GUARDD_SCALE=1.
        @Test func randomFaults() throws {
            let lab = try FaultLab.keeping.get()
            try lab.reset()
            let isWhole = ProcessInfo.processInfo.environment["GUARDD_SCALE"] == "1"
            let run = try FaultRun(
                lab, seed: 20_261_125, messages: isWhole ? 10_000 : 300, chance: 6, kills: isWhole ? 20 : 3
            )
            .run()
            #expect(run.problems == [])
            #expect(run.faults > 100 && run.duplicates > 0, "faults: \(run.faults), duplicates: \(run.duplicates)")
            print(
                "random faults: \(run.messages) messages, \(run.faults) faults, \(run.duplicates) duplicates, all in a window"
            )
        }
    }
}
