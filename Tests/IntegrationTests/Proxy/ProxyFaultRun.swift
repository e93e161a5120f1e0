import Foundation
import TestSupport

/// Many messages that Postfix sends through a proxy whose next hop fails at random, with guardd killed now and then. Counted
/// is what the next hop has and what Postfix returned; each copy too many must have its fault.
final class ProxyFaultRun: @unchecked Sendable {
    struct Result {
        var messages = 0
        var faults = 0
        var kills = 0
        var duplicates = 0
        var returned = 0
        /// Lost, in clear, returned without a reason, or twice without one.
        var problems: [String] = []
    }

    private struct Message {
        let number: Int
        let recipients: [String]
        var sender: String { "m\(number)@guard.test" }
    }

    private let lab: ProxyFaultLab
    private let door: ProxyFaultLab.Door
    private let all: [Message]
    private let chance: Int
    private let kills: Int
    private let lock = NSLock()
    private var dice: [String: SplitMix64] = [:]
    private var last: [String: SMTPSink.Moment] = [:]
    /// Whom the content that is on its way is for.
    private var transaction: [String: [String]] = [:]
    private var taken: [String: Set<String>] = [:]
    /// How many copies too many each recipient of each message may have, as "sender recipient".
    private var allowance: [String: Int] = [:]
    /// Whose mail the next hop has refused for good.
    private var refused: Set<String> = []
    private var next = 0
    private var result = Result()

    /// - Parameters:
    ///   - chance: of a fault at each step, in percent.
    ///   - kills: how often guardd dies while mail is on its way.
    init(
        _ lab: ProxyFaultLab, _ door: ProxyFaultLab.Door, seed: UInt64, messages: Int, chance: Int, kills: Int
    ) {
        self.lab = lab
        self.door = door
        self.chance = chance
        self.kills = kills
        var dice = SplitMix64(seed: seed)
        all = (0..<messages).map { number in
            var recipients = ["p\(dice.roll(10))@pgp.test"]
            if dice.roll(3) > 0 { recipients.append("n\(dice.roll(50))@none.test") }
            if dice.roll(3) == 0 { recipients.append("s\(dice.roll(10))@smime.test") }
            if dice.roll(3) == 0 { recipients.append("p\(10 + dice.roll(10))@pgp.test") }
            return Message(number: number, recipients: recipients)
        }
        for message in all { self.dice[message.sender] = SplitMix64(seed: seed ^ (UInt64(message.number) << 20)) }
        result.messages = messages
    }

    /// - Parameter seconds: for all of it.
    func run(seconds: Double) throws -> Result {
        lab.script.all { [self] in fault(at: $0) }
        let start = lab.hop.count
        let group = DispatchGroup()
        for _ in 0..<4 {
            group.enter()
            Thread { [self] in
                while let message = take() {
                    let reply = lab.send(door, from: message.sender, to: message.recipients)
                    if reply?.isPositive != true { problem("\(message.sender): \(String(describing: reply))") }
                }
                group.leave()
            }.start()
        }
        for number in 0..<kills {
            // There are more copies than messages.
            let due = start + all.count * (number + 1) / (kills + 1)
            guard lab.hop.waitForTotal(due, seconds: seconds) else { throw TestFailure("nothing goes on") }
            try kill()
        }
        group.wait()
        try lab.settle(seconds: seconds)
        lab.script.clear()
        count()
        return result
    }

    private func fault(at moment: SMTPSink.Moment) -> SMTPSink.Fault? {
        lock.withLock {
            guard moment.step != .greeting, moment.step != .hello, var dice = dice[moment.sender] else { return nil }
            let sender = moment.sender
            // A goodbye may come long after.
            if moment.step != .quit { last[sender] = moment }
            if moment.step == .data { transaction[sender] = moment.recipients }
            let isHit = dice.roll(100) < chance
            let faults: [SMTPSink.Fault] =
                moment.step == .end
                ? [.refuse4, .refuse5, .die, .dieAfterTaking, .dieAfterTaking, .nonsense]
                : [.refuse4, .refuse4, .refuse5, .die, .nonsense]
            let fault = faults[dice.roll(faults.count)]
            self.dice[sender] = dice
            if moment.step == .end, !isHit || fault == .dieAfterTaking {
                taken[sender, default: []].formUnion(moment.recipients)
            }
            guard isHit else { return nil }
            result.faults += 1
            if fault == .refuse5 { refused.insert(sender) }
            guard moment.step == .end else { return fault }
            if fault == .dieAfterTaking { allow(sender, moment.recipients) }
            if fault == .nonsense, door == .lmtp {
                // Behind it nothing can be read, but the others are taken all the same.
                allow(sender, (transaction[sender] ?? []).drop { !moment.recipients.contains($0) }.dropFirst())
            }
            return fault
        }
    }

    private func allow(_ sender: String, _ recipients: some Sequence<String>) {
        for recipient in recipients { allowance["\(sender) \(recipient)", default: 0] += 1 }
    }

    private func problem(_ text: String) { lock.withLock { result.problems.append(text) } }

    private func take() -> Message? {
        lock.withLock {
            guard next < all.count else { return nil }
            defer { next += 1 }
            return all[next]
        }
    }

    /// Everything under way may be in one of the windows: taken and not recorded, or answered and not heard.
    private func kill() throws {
        try lock.withLock {
            lab.guardd.killNow()
            result.kills += 1
            // Twice: who moves from one part of the queue to another while it is read may be missing.
            let queue = try lab.postfix.queue().merging(lab.postfix.queue()) { $0.union($1) }
            for (sender, moment) in last {
                var open: Set<String> = []
                // What was sent before may be read, and taken, after.
                if [.data, .content, .end].contains(moment.step) { open.formUnion(transaction[sender] ?? []) }
                let (had, waiting) = (taken[sender] ?? [], queue[sender] ?? [])
                // Answers of LMTP leave together, in the end; elsewhere the journal knows who has a copy until all have.
                if door == .lmtp || had.isSuperset(of: waiting) { open.formUnion(had.intersection(waiting)) }
                allow(sender, open)
            }
        }
        try lab.restart()
    }

    private func count() {
        let arrivals = lab.arrivals()
        result.problems += arrivals.leaks
        for message in all {
            for recipient in message.recipients {
                let count = arrivals.copies[message.sender]?[recipient] ?? 0
                let allowed = allowance["\(message.sender) \(recipient)"] ?? 0
                let isReturned = arrivals.returned[message.sender]?.contains(recipient) ?? false
                let name = "\(message.sender) for \(recipient)"
                if isReturned {
                    result.returned += 1
                    if !refused.contains(message.sender) {
                        result.problems.append("\(name): returned without a reason")
                    }
                } else if count == 0 {
                    result.problems.append("\(name): lost")
                }
                if count > 1 { result.duplicates += count - 1 }
                if count > 1 + allowed {
                    result.problems.append("\(name): \(count) copies, faults in a window: \(allowed)")
                }
            }
        }
    }
}
