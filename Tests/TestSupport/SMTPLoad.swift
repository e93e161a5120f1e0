import Foundation

/// Many messages over several sessions at once.
public enum SMTPLoad {
    public struct Outcome: Sendable {
        public var accepted = 0
        /// Replies that were not 2xx, and broken connections.
        public var errors: [String] = []
    }

    /// Sends `sessions` times `messages`; every session keeps its connection. `make` builds the message of a session
    /// and number.
    public static func run(
        port: UInt16, login: String? = nil, sessions: Int, messages: Int, sender: String, recipient: String,
        make: @escaping @Sendable (Int, Int) -> [UInt8]
    ) -> Outcome {
        let result = Collected()
        let group = DispatchGroup()
        for session in 0..<sessions {
            group.enter()
            let thread = Thread {
                do {
                    let client = try SMTPClient(port: port)
                    try client.greet(login: login)
                    for number in 0..<messages {
                        let reply = try client.send(from: sender, to: [recipient], data: make(session, number))
                        result.add(reply.isPositive ? nil : reply.description)
                    }
                    client.quit()
                } catch {
                    result.add("\(error)")
                }
                group.leave()
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
        group.wait()
        return result.outcome
    }

    private final class Collected: @unchecked Sendable {
        private let lock = NSLock()
        private var value = Outcome()
        var outcome: Outcome { lock.withLock { value } }
        func add(_ error: String?) {
            lock.withLock { if let error { value.errors.append(error) } else { value.accepted += 1 } }
        }
    }
}
