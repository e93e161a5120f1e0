import Foundation
import TestSupport
import Testing

extension Integration {
    /// Whatever goes wrong behind a proxy, in it or before it: nobody is left out, nothing leaves in clear, and nobody has two
    /// copies but in the windows that are documented. What counts is what the next hop has and what Postfix returned.
    @Suite struct ProxyFaultTests {
        typealias Door = ProxyFaultLab.Door
        typealias Shape = ProxyFaultLab.Shape
        typealias Fault = SMTPSink.Fault
        typealias Step = SMTPSink.Moment.Step

        let lab: ProxyFaultLab
        init() throws {
            lab = try ProxyFaultLab.shared.get()
            try lab.reset()
        }

        static let isWhole = ProcessInfo.processInfo.environment["GUARDD_SCALE"] == "1"

        /// One message and the fault that it meets.
        struct Case: Sendable {
            let door: Door
            let shape: Shape
            let step: Step
            let turn: Int
            let fault: Fault
            var sender: String { "\(door).\(shape).\(step).\(turn).\(fault)@guard.test".lowercased() }
        }

        /// The moments of a message without faults, which is delivered once, and without a word to its sender.
        private func calm(_ door: Door, _ shape: Shape) throws -> [(step: Step, turn: Int)] {
            let sender = "\(door).\(shape).calm@guard.test".lowercased()
            #expect(lab.send(door, from: sender, to: shape.recipients)?.isPositive == true)
            try lab.settle()
            expect(sender, door, shape, in: lab.arrivals())
            // The goodbye comes after the answer.
            #expect(Wait.until { lab.script.moments(sender).contains { $0.step == .quit } })
            return lab.script.moments("") + lab.script.moments(sender)
        }

        /// Everybody has one copy, or knows that they have none.
        ///
        /// - Parameters:
        ///   - twice: who may have two.
        ///   - mayReturn: whether Postfix may have given up.
        private func expect(
            _ sender: String, _ door: Door, _ shape: Shape, in arrivals: ProxyFaultLab.Arrivals,
            twice: Set<String> = [], mayReturn: Bool = false, reply: ServerReply? = nil,
            sourceLocation: SourceLocation = #_sourceLocation
        ) {
            let isRefused = reply.map { $0.code >= 500 } ?? false
            for recipient in shape.recipients {
                let count = arrivals.copies[sender]?[recipient] ?? 0
                let isReturned = arrivals.returned[sender]?.contains(recipient) ?? false || isRefused
                #expect(
                    count == (isReturned ? 0 : 1) || (count == 2 && !isReturned && twice.contains(recipient)),
                    "\(sender): \(recipient) has \(count), returned: \(isReturned)", sourceLocation: sourceLocation)
                #expect(
                    !isReturned || mayReturn, "\(sender): returned for \(recipient)", sourceLocation: sourceLocation)
            }
        }

        /// Sends one message for each case, many at once, and looks at all of them in the end.
        private func run(_ cases: [Case]) throws {
            let replies = Replies()
            for one in cases {
                let fault = one.fault
                lab.script.plan(one.sender, one.step, turn: one.turn) { _ in fault }
            }
            let lab = lab
            lab.parallel(cases) { one in
                replies.set(one.sender, lab.send(one.door, from: one.sender, to: one.shape.recipients))
            }
            try lab.settle()
            let arrivals = lab.arrivals()
            #expect(arrivals.leaks == [])
            for one in cases {
                guard let hit = lab.script.hit(one.sender) else {
                    Issue.record("\(one.sender): the fault was not reached")
                    continue
                }
                let reply = replies.get(one.sender)
                #expect(
                    one.door.isQueued ? reply?.isPositive == true : reply?.isTemporary == false,
                    "\(one.sender): \(String(describing: reply))")
                expect(
                    one.sender, one.door, one.shape, in: arrivals, twice: Self.unheard(one, hit),
                    mayReturn: one.fault == .refuse5, reply: reply)
            }
        }

        /// Those who were taken although nobody could know: the answer was lost, or came behind one that was no answer.
        private static func unheard(_ one: Case, _ hit: SMTPSink.Moment) -> Set<String> {
            guard one.step == .end else { return [] }
            switch one.fault {
            case .dieAfterTaking: return Set(hit.recipients)
            case .nonsense where one.door == .lmtp && one.shape == .one:
                return Set(one.shape.recipients.drop { !hit.recipients.contains($0) }.dropFirst())
            default: return []
            }
        }

        /// Answers of one door, by sender.
        private final class Replies: @unchecked Sendable {
            private let lock = NSLock()
            private var all: [String: ServerReply] = [:]
            func set(_ sender: String, _ reply: ServerReply?) { lock.withLock { all[sender] = reply } }
            func get(_ sender: String) -> ServerReply? { lock.withLock { all[sender] } }
        }

        /// Every fault at every moment at which a message can meet it: each recipient of each copy, refused for now and for
        /// good, every step broken off, answered with nonsense, slowly and late.
        @Test(arguments: Door.allCases, Shape.allCases)
        func everyFaultAtEveryMoment(_ door: Door, _ shape: Shape) throws {
            let faults: [Fault] = [.refuse4, .refuse5, .die, .dieAfterTaking, .nonsense, .dribble, .late]
            let moments = try calm(door, shape).filter { $0.step != .greeting && $0.step != .hello }
            #expect(Set(moments.map(\.step)) == Set(Step.allCases).subtracting([.greeting, .hello]))
            try run(
                moments.flatMap { moment in
                    faults.map { Case(door: door, shape: shape, step: moment.step, turn: moment.turn, fault: $0) }
                })
        }

        /// Before MAIL a next hop has said nothing about any message: whatever it does there, the message waits.
        @Test(arguments: [Step.greeting, .hello], [Fault.refuse4, .refuse5, .die, .nonsense, .dribble, .late])
        func everyFaultBeforeMail(_ step: Step, _ fault: Fault) throws {
            let cases = Door.allCases.flatMap { door in
                Shape.allCases.map { Case(door: door, shape: $0, step: step, turn: 0, fault: fault) }
            }
            let counter = Counter()
            let isMet: @Sendable (SMTPSink.Moment) -> Fault? = {
                $0.step == step && counter.next() < 20 && counter.value.isMultiple(of: 2) ? fault : nil
            }
            lab.script.all(isMet)
            let replies = Replies()
            let lab = lab
            lab.parallel(cases) { one in
                replies.set(one.sender, lab.send(one.door, from: one.sender, to: one.shape.recipients))
            }
            try lab.settle()
            #expect(counter.value > 3)
            let arrivals = lab.arrivals()
            #expect(arrivals.leaks == [])
            for one in cases {
                let reply = replies.get(one.sender)
                #expect(reply?.isPositive == true, "\(one.sender): \(String(describing: reply))")
                expect(one.sender, one.door, one.shape, in: arrivals, reply: reply)
            }
        }

        private final class Counter: @unchecked Sendable {
            private let lock = NSLock()
            private var count = 0
            var value: Int { lock.withLock { count } }
            /// Counts from 0.
            func next() -> Int {
                lock.withLock {
                    defer { count += 1 }
                    return count
                }
            }
        }

        /// A next hop that never answers: the message waits, and whoever has it already does not get it again because another
        /// copy hangs.
        @Test func aNextHopThatNeverAnswers() throws {
            try run(
                Door.allCases.flatMap { door in
                    Shape.allCases.flatMap { shape in
                        [Step.mail, .recipient, .data, .end].map {
                            Case(door: door, shape: shape, step: $0, turn: 0, fault: .hold)
                        }
                            + (shape == .several
                                ? [Case(door: door, shape: shape, step: .end, turn: 1, fault: .hold)] : [])
                    }
                })
        }

        /// Nobody is there.
        @Test(arguments: Door.allCases) func aNextHopThatIsGone(_ door: Door) throws {
            let sender = "gone.\(door)@guard.test"
            lab.script.all { $0.step == .greeting ? .die : nil }
            let lab = lab
            let thread = DispatchGroup()
            let replies = Replies()
            DispatchQueue.global().async(group: thread) {
                replies.set(sender, lab.send(door, from: sender, to: Shape.several.recipients))
            }
            #expect(Wait.until { lab.script.moments("").count > 2 })
            #expect(lab.hop.messages.isEmpty)
            lab.script.clear()
            thread.wait()
            try lab.settle()
            #expect(replies.get(sender)?.isPositive == true)
            expect(sender, door, .several, in: lab.arrivals())
        }

        // MARK: - Deaths

        /// Sends a message at a moment of which something dies, has it come back, and looks at what arrived.
        ///
        /// - Parameter twice: who may have two, given where it died.
        private func die(
            _ sender: String, _ door: Door, _ shape: Shape, at step: Step, turn: Int,
            kill: @escaping @Sendable () -> Void, revive: () throws -> Void,
            twice: (SMTPSink.Moment?) -> [String]
        ) throws {
            try lab.reset()
            let key = step == .greeting || step == .hello ? "" : sender
            let done = Once()
            lab.script.plan(key, step, turn: turn) { _ in
                kill()
                done.finish()
                return nil
            }
            let (lab, replies, thread) = (lab, Replies(), DispatchGroup())
            DispatchQueue.global().async(group: thread) {
                replies.set(sender, lab.send(door, from: sender, to: shape.recipients))
            }
            #expect(done.wait(), "\(sender): the moment did not come")
            try revive()
            thread.wait()
            try lab.settle()
            let hit = lab.script.hit(key)
            let arrivals = lab.arrivals()
            #expect(arrivals.leaks == [])
            expect(sender, door, shape, in: arrivals, twice: Set(twice(hit)), reply: replies.get(sender))
        }

        /// kill -9 at every moment.
        @Test(arguments: Door.allCases, Shape.allCases) func guarddKilled(_ door: Door, _ shape: Shape) throws {
            let (lab, guardd) = (lab, lab.guardd)
            for (step, turn) in Self.chosen(try calm(door, shape)) {
                let sender = "killed.\(door).\(shape).\(step).\(turn)@guard.test".lowercased()
                try die(
                    sender, door, shape, at: step, turn: turn, kill: { guardd.killNow() }, revive: { try lab.restart() }
                ) { hit in
                    // Of LMTP each copy that was taken may come again: none of the answers had left. Elsewhere the journal
                    // knows all but the one that was under way: all of it may have been sent before it was looked at.
                    if door == .lmtp { return step == .quit ? [] : shape.recipients }
                    return step == .content || step == .end ? hit?.recipients ?? [] : []
                }
            }
        }

        /// Postfix is stopped, with all that it has at work, and started.
        @Test(arguments: Door.allCases, Shape.allCases) func postfixRestarted(_ door: Door, _ shape: Shape) throws {
            let postfix = lab.postfix
            let steps: [Step] = Self.isWhole ? [.mail, .data, .end, .quit] : [.end]
            for (step, turn) in Self.chosen(try calm(door, shape).filter { steps.contains($0.step) }) {
                let sender = "restart.\(door).\(shape).\(step).\(turn)@guard.test".lowercased()
                // Answered, and not heard.
                try die(
                    sender, door, shape, at: step, turn: turn, kill: { postfix.stop() },
                    revive: { try postfix.start() },
                    twice: { _ in shape.recipients })
            }
        }

        // MARK: - At random

        /// Without faults nobody gets anything twice, however many there are at once.
        @Test(arguments: [Door.lmtp, .after]) func manyAtOnceWithoutFaults(_ door: Door) throws {
            let lab = try ProxyFaultLab.keeping.get()
            try lab.reset()
            let run = try ProxyFaultRun(lab, door, seed: 1, messages: 50, chance: 0, kills: 0).run(seconds: 300)
            #expect(run.problems == [] && run.duplicates == 0 && run.returned == 0)
        }

        /// Seeded and repeatable: the faults of a message depend on its number alone. 10,000 messages with GUARDD_SCALE=1.
        @Test(arguments: [Door.lmtp, .after]) func randomFaults(_ door: Door) throws {
            let lab = try ProxyFaultLab.keeping.get()
            try lab.reset()
            let run = try ProxyFaultRun(
                lab, door, seed: 20_261_201, messages: Self.isWhole ? 5000 : 60, chance: 6, kills: Self.isWhole ? 10 : 2
            )
            .run(seconds: Self.isWhole ? 3600 : 300)
            #expect(run.problems == [])
            #expect(run.faults > 10 && run.kills > 0)
            print(
                "random faults, \(door): \(run.messages) messages, \(run.faults) faults, \(run.kills) kills, "
                    + "\(run.duplicates) duplicates, all in a window, \(run.returned) returned")
        }

        /// Something that happens once, on another thread.
        private final class Once: @unchecked Sendable {
            private let lock = NSLock()
            private var isFinished = false
            func finish() { lock.withLock { isFinished = true } }
            func wait() -> Bool { Wait.until(seconds: 60) { lock.withLock { isFinished } } }
        }

        /// The first and the last turn of each step; all with GUARDD_SCALE=1.
        private static func chosen(_ moments: [(step: Step, turn: Int)]) -> [(step: Step, turn: Int)] {
            let last = moments.reduce(into: [Step: Int]()) { $0[$1.step] = max($0[$1.step] ?? 0, $1.turn) }
            return moments.filter { isWhole || $0.turn == 0 || $0.turn == last[$0.step] }
        }
    }
}
