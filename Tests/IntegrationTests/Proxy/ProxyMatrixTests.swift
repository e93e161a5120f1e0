import Foundation
import TestSupport
import Testing

extension Integration {
    /// The matrix of ``SplitTests`` at the other doors.
    @Suite(.enabled(if: DovecotInstance.isAvailable)) struct ProxyMatrixTests {
        let lab: ProxyLab
        init() throws { lab = try ProxyLab.shared.get() }

        private static let isWhole = ProcessInfo.processInfo.environment["GUARDD_SCALE"] == "1"
        private static let counts = isWhole ? [1, 2, 10, 100] : [1, 2, 10]

        private func cases(_ count: Int, _ kind: SplitCase.Kind) -> [SplitCase] {
            SplitCase.Place.allCases.flatMap { place in
                SplitCase.outcomes.map { SplitCase(count, kind, place, $0) }
            }
        }

        /// One answer for all: the client hears what Postfix hears.
        @Test(arguments: counts, SplitCase.Kind.allCases)
        func beforeTheQueue(_ count: Int, _ kind: SplitCase.Kind) throws {
            let cases = cases(count, kind)
            lab.sink.clear()
            for one in cases {
                let reply = try lab.send("before", from: one.sender, to: one.recipients, one.mail)
                #expect(one.refusal == nil ? reply.isPositive : reply.code == one.refusal, "\(one.id): \(reply)")
            }
            try lab.settle()
            try check(cases, lab.sink.messages)
        }

        /// What cannot go comes back to its sender, what is deferred stays in the queue.
        @Test(arguments: counts, SplitCase.Kind.allCases)
        func behindTheQueue(_ count: Int, _ kind: SplitCase.Kind) throws {
            let cases = cases(count, kind)
            lab.sink.clear()
            let deferred = cases.filter { $0.refusal == 451 }
            for one in cases where one.refusal != 451 {
                let reply = try lab.send("after", from: one.sender, to: one.recipients, one.mail)
                #expect(reply.isPositive, "\(one.id): \(reply)")
            }
            try lab.settle()
            let arrived = lab.sink.messages.filter { !$0.sender.isEmpty }
            try check(cases.filter { $0.refusal != 451 }, arrived)
            guard let one = deferred.first else { return }
            #expect(try lab.send("after", from: one.sender, to: one.recipients, one.mail).isPositive)
            #expect(Wait.until { lab.guardd.log.contains("reply=\"451 4.7.5") })
            #expect(try lab.postfix.queueLength() == 1 && !lab.sink.messages.contains { $0.text.contains(one.id) })
            try lab.postfix.emptyQueue()
        }

        private func check(_ cases: [SplitCase], _ arrived: [DeliveredMessage]) throws {
            for one in cases {
                let copies = arrived.filter { $0.text.contains("Message-ID: <\(one.id)>") }
                if one.refusal == nil {
                    try one.check(copies, lab.people)
                } else {
                    #expect(copies.isEmpty, "\(one.id)")
                }
            }
        }

        /// Each recipient has an answer of their own.
        @Test(arguments: counts, SplitCase.Kind.allCases)
        func beforeDovecot(_ count: Int, _ kind: SplitCase.Kind) throws {
            for one in cases(count, kind) {
                let answers = try lab.sendLMTP(from: one.sender, to: one.recipients, one.mail)
                for recipient in one.recipients {
                    let wanted = one.refusal(of: recipient) ?? 250
                    #expect(
                        answers[recipient]?.code == wanted,
                        "\(one.id) \(recipient): \(answers[recipient]?.description ?? "-")")
                }
                let delivered = one.recipients.filter { one.refusal(of: $0) == nil }
                let copies = lab.copies(one.id, in: one.recipients)
                try one.check(copies, lab.people, to: delivered)
            }
        }
    }
}
