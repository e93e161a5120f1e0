import Foundation

/// Sessions that send as fast as they can for a time, and how long each message took.
public enum TimedLoad {
    public struct Outcome: Sendable {
        /// Seconds of each message that was taken, from MAIL to the answer, sorted.
        public var seconds: [Double] = []
        /// Replies that were not 2xx, and broken connections.
        public var errors: [String] = []
        public var rate = 0.0

        /// The time within which that part of the messages was taken.
        public func percentile(_ part: Double) -> Double {
            seconds.isEmpty ? .nan : seconds[min(seconds.count - 1, Int(Double(seconds.count) * part))]
        }

        public var description: String {
            String(
                format: "%d messages, %.0f/s, p50 %.0f ms, p99 %.0f ms, longest %.0f ms, %d errors", seconds.count,
                rate,
                percentile(0.5) * 1e3, percentile(0.99) * 1e3, (seconds.last ?? .nan) * 1e3, errors.count)
        }
    }

    /// - Parameters:
    ///   - isLMTP: whether LHLO is said.
    ///   - isTriedAgain: whether a message that is not taken for now is sent again, in the same session.
    ///   - goesOn: asked by a session before each message.
    public static func run(
        port: UInt16, sessions: Int, isLMTP: Bool = false, login: String? = nil, from sender: String,
        to recipient: String, isTriedAgain: Bool = false, goesOn: @escaping @Sendable (_ sent: Int) -> Bool,
        make: @escaping @Sendable (Int, Int) -> [UInt8]
    ) -> Outcome {
        let result = Collected()
        let group = DispatchGroup()
        let start = ContinuousClock.now
        for session in 0..<sessions {
            group.enter()
            let thread = Thread {
                do {
                    let client = try SMTPClient(port: port)
                    if isLMTP { _ = try client.command("LHLO client.test") } else { try client.greet(login: login) }
                    var number = 0
                    while goesOn(number) {
                        let mail = make(session, number)
                        number += 1
                        var again = false
                        repeat {
                            let began = ContinuousClock.now
                            let reply = try client.send(from: sender, to: [recipient], data: mail)
                            again = isTriedAgain && reply.isTemporary
                            // A refusal before the content leaves the transaction open.
                            if !reply.isPositive { try client.command("RSET") }
                            result.add((ContinuousClock.now - began) / .seconds(1), reply)
                        } while again
                    }
                    client.quit()
                } catch {
                    result.fail("\(error)")
                }
                group.leave()
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
        group.wait()
        var outcome = result.outcome
        outcome.seconds.sort()
        outcome.rate = Double(outcome.seconds.count) / ((ContinuousClock.now - start) / .seconds(1))
        return outcome
    }

    private final class Collected: @unchecked Sendable {
        private let lock = NSLock()
        private var value = Outcome()
        var outcome: Outcome { lock.withLock { value } }
        func add(_ seconds: Double, _ reply: ServerReply) {
            lock.withLock {
                if reply.isPositive { value.seconds.append(seconds) } else { value.errors.append(reply.description) }
            }
        }
        func fail(_ text: String) { lock.withLock { value.errors.append(text) } }
    }
}
