import ControlAPI
import Libcrypto
import MailFlow
import ProtectedMail

/// How many messages ended how, since the start.
final class Counters: Sendable {
    private let values = Lock<[String: Int]>([:])

    func count(_ result: String) { values.withLock { $0[result, default: 0] += 1 } }

    /// `12 messages: 10 encrypted, 2 refused`.
    var summary: String {
        let values = values.withLock { $0 }
        let total = values.values.reduce(0, +)
        guard total > 0 else { return "0 messages" }
        let parts = values.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        return "\(total) messages: " + parts.joined(separator: ", ")
    }
}

extension Metrics {
    /// Counts a message that came to its end.
    func add(_ record: MessageRecord) {
        let direction = ("direction", record.direction.rawValue)
        add(
            .messages,
            [
                direction, ("plan", record.plan), ("result", record.result.rawValue),
                ("verdict", record.verdict ?? "none"),
            ])
        // The codes only: the sentences for people may name addresses.
        for reason in record.reasons {
            guard let code = Reason.Code(rawValue: String(reason.prefix { $0 != ":" && $0 != " " })) else { continue }
            add(.messageReasons, [("reason", code.rawValue)])
        }
        add(.messageOctets, [direction], by: record.bytes)
        add(.messageMilliseconds, [direction], by: record.milliseconds)
    }
}
