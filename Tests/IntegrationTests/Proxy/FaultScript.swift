import Foundation
import TestSupport

/// What a next hop does to each message, told apart by their senders so that many can be under way; and what it was asked.
/// Before MAIL nobody knows whose a connection is: there the sender is "".
final class FaultScript: @unchecked Sendable {
    typealias Step = SMTPSink.Moment.Step
    typealias Answer = @Sendable (SMTPSink.Moment) -> SMTPSink.Fault?

    private struct Plan {
        let step: Step
        var left: Int
        let answer: Answer
    }

    private let lock = NSLock()
    private var plans: [String: Plan] = [:]
    private var asked: [String: [SMTPSink.Moment]] = [:]
    private var hits: [String: SMTPSink.Moment] = [:]
    private var other: Answer = { _ in nil }

    /// At the turn-th time that a step is reached, counted from 0, the answer is asked for, once.
    func plan(_ sender: String, _ step: Step, turn: Int, _ answer: @escaping Answer) {
        lock.withLock { plans[sender] = Plan(step: step, left: turn, answer: answer) }
    }

    /// For messages without a plan of their own.
    func all(_ answer: @escaping Answer) { lock.withLock { other = answer } }

    func clear() {
        lock.withLock {
            plans = [:]
            asked = [:]
            hits = [:]
            other = { _ in nil }
        }
    }

    func ask(_ moment: SMTPSink.Moment) -> SMTPSink.Fault? {
        let sender = moment.step == .greeting || moment.step == .hello ? "" : moment.sender
        let answer = lock.withLock { () -> Answer in
            asked[sender, default: []].append(moment)
            guard var plan = plans[sender] else { return other }
            guard plan.step == moment.step, plan.left >= 0 else { return { _ in nil } }
            plan.left -= 1
            plans[sender] = plan
            guard plan.left < 0 else { return { _ in nil } }
            hits[sender] = moment
            return plan.answer
        }
        return answer(moment)
    }

    /// The steps at which a message was seen, each with its turn.
    func moments(_ sender: String) -> [(step: Step, turn: Int)] {
        var turns: [Step: Int] = [:]
        return lock.withLock { asked[sender] ?? [] }.map { moment in
            defer { turns[moment.step, default: 0] += 1 }
            return (moment.step, turns[moment.step] ?? 0)
        }
    }

    /// Where a message met what was planned for it.
    func hit(_ sender: String) -> SMTPSink.Moment? { lock.withLock { hits[sender] } }
}
