import Foundation
import TestSupport

/// Many messages through a next hop that fails at random, with guardd killed now and then; everything is counted at the
/// sinks, and each copy too many must have its fault.
final class FaultRun: @unchecked Sendable {
    struct Result {
        var messages = 0
        var faults = 0
        var duplicates = 0
        /// Lost, in clear, or twice without a reason.
        var problems: [String] = []
    }

    private struct Message {
        let number: Int
        let recipients: [String]
        var sender: String { "m\(number)@guard.test" }
        var id: String { "random.\(number).end@guard.test" }
    }

    private let lab: FaultLab
    private let all: [Message]
    private let chance: Int
    private let lock = NSLock()
    private var dice: [String: SplitMix64] = [:]
    private var last: [String: SMTPSink.Moment] = [:]
    /// Who has a copy.
    private var taken: [String: Set<String>] = [:]
    /// How many copies too many each recipient of each message may have, as "sender recipient".
    private var allowance: [String: Int] = [:]
    private var refused: Set<Int> = []
    private var next = 0
    private var result = Result()
    /// Before which messages guardd is killed.
    private var kills: Set<Int>

    /// - Parameter chance: of a fault at each step, in percent.
    init(_ lab: FaultLab, seed: UInt64, messages: Int, chance: Int, kills: Int) {
        self.lab = lab
        self.chance = chance
        var dice = SplitMix64(seed: seed)
        all = (0..<messages).map { number in
            // Always more than one treatment, so that there are copies.
            var recipients = ["p\(dice.roll(10))@pgp.test", "n\(dice.roll(50))@none.test"]
            if dice.roll(3) == 0 { recipients.append("s\(dice.roll(10))@smime.test") }
            if dice.roll(3) == 0 { recipients.append("p\(10 + dice.roll(10))@pgp.test") }
            return Message(number: number, recipients: recipients)
        }
        self.kills = Set((0..<kills).map { (messages / (kills + 1)) * ($0 + 1) })
        for message in all { self.dice[message.sender] = SplitMix64(seed: seed ^ (UInt64(message.number) << 20)) }
        result.messages = messages
    }

    func run() throws -> Result {
        lab.script { [self] in fault(at: $0) }
        let group = DispatchGroup()
        for _ in 0..<4 {
            group.enter()
            Thread { [self] in
                while let message = take() { send(message) }
                group.leave()
            }.start()
        }
        group.wait()
        lab.script { _ in nil }
        try count()
        return result
    }

    private func fault(at moment: SMTPSink.Moment) -> SMTPSink.Fault? {
        lock.withLock {
            guard var dice = dice[moment.sender] else { return nil }
            // A goodbye may come long after.
            if moment.step != .quit { last[moment.sender] = moment }
            let hit = chance > 0 && dice.roll(100) < chance
            let faults: [SMTPSink.Fault] =
                moment.step == .end
                ? [.refuse4, .die, .dieAfterTaking, .dieAfterTaking, .nonsense] : [.refuse4, .refuse5, .die, .nonsense]
            let fault = faults[dice.roll(faults.count)]
            self.dice[moment.sender] = dice
            if moment.step == .end, !hit || fault == .dieAfterTaking {
                taken[moment.sender, default: []].formUnion(moment.recipients)
            }
            guard hit else { return nil }
            result.faults += 1
            if fault == .dieAfterTaking { allow(moment) }
            return fault
        }
    }

    private func allow(_ moment: SMTPSink.Moment) {
        for recipient in moment.recipients { allowance["\(moment.sender) \(recipient)", default: 0] += 1 }
    }

    private func take() -> Message? {
        lock.withLock {
            guard next < all.count else { return nil }
            defer { next += 1 }
            return all[next]
        }
    }

    private func send(_ message: Message) {
        if lock.withLock({ kills.remove(message.number) != nil }) { kill() }
        let mail = TestMail.split(message.id, from: message.sender, to: message.recipients)
        let reply = lab.deliver(from: message.sender, to: message.recipients, mail, seconds: 300)
        lock.withLock {
            last[message.sender] = nil
            if reply?.isPositive == true { return }
            if let reply, reply.code >= 500 {
                refused.insert(message.number)
            } else {
                result.problems.append("\(message.id): never answered")
            }
        }
    }

    /// Everything under way may be in one of the windows: taken and not recorded, or complete and not heard.
    private func kill() {
        lock.withLock {
            lab.guardd.killNow()
            result.faults += 1
            for (sender, moment) in last {
                guard let message = all.first(where: { $0.sender == sender }) else { continue }
                if taken[sender]?.isSuperset(of: message.recipients) == true {
                    for recipient in message.recipients { allowance["\(sender) \(recipient)", default: 0] += 1 }
                } else if [.data, .content, .end].contains(moment.step) {
                    // What was sent before may be read, and taken, after.
                    allow(moment)
                }
            }
        }
        do {
            try lab.guardd.start()
            try lab.ageJournal()
        } catch {
            lock.withLock { result.problems.append("\(error)") }
        }
    }

    private func count() throws {
        var copies: [String: [DeliveredMessage]] = [:]
        for copy in lab.hop.messages + lab.relay.messages { copies[copy.sender, default: []].append(copy) }
        for message in all {
            let own = copies[message.sender] ?? []
            if refused.contains(message.number), !own.isEmpty {
                result.problems.append("\(message.id): refused for good, but some have it")
            }
            for recipient in message.recipients where !refused.contains(message.number) {
                let count = own.count { $0.recipients.contains(recipient) }
                if count == 0 { result.problems.append("\(message.id): lost for \(recipient)") }
                if count > 1 { result.duplicates += count - 1 }
                if count - 1 > allowance["\(message.sender) \(recipient)"] ?? 0 {
                    result.problems.append("\(message.id): \(count) for \(recipient) without a fault in a window")
                }
            }
            for copy in own
            where copy.text.contains("secret words") && !copy.recipients.allSatisfy({ $0.hasSuffix("@none.test") }) {
                result.problems.append("\(message.id): clear text for \(copy.recipients)")
            }
        }
    }
}
