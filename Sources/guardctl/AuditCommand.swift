import ArgumentParser
import Foundation
import KeyStore

/// `guardctl audit`.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Show who changed what through the control API, the newest first.",
        discussion: """
            A line has time, who, what, to whom and how it ended: "ok" or the code of the refusal. JSON: [{"id", "time", \
            "actor", "action", "target", "result"}], times in Unix seconds.
            """)

    @OptionGroup var options: StoreOptions
    @Option(
        help: ArgumentHelp("Only what was done by this one, as user:alice@example.org or uid:0.", valueName: "name"))
    var actor: String?
    @Option(help: ArgumentHelp("Only what was done to this address, fingerprint or serial.", valueName: "name"))
    var target: String?
    @Option(help: "How many lines.") var limit = 50
    @Option(help: ArgumentHelp("Go on before the line of this number.", valueName: "id")) var before: Int64?
    @Option(
        name: .customLong("prune-days"),
        help: ArgumentHelp("Forget what is older, and show nothing.", valueName: "days"))
    var pruneDays: Int?
    @Flag(help: "Write JSON.") var json = false

    func validate() throws {
        guard (1...100_000).contains(limit) else { throw ValidationError("--limit is a number from 1 to 100000") }
        guard actor == nil || target == nil else { throw ValidationError("--actor and --target exclude each other") }
        guard (0...36_500).contains(pruneDays ?? 0) else { throw ValidationError("--prune-days is a number of days") }
    }

    private struct Line: Encodable {
        let id: Int64
        let time: Int64
        let actor: String
        let action: String
        let target: String
        let result: String
    }

    func run() throws {
        try Failure.reported {
            let store = try options.open()
            if let pruneDays {
                let count = try store.pruneAudit(before: Int64(Date().timeIntervalSince1970) - Int64(pruneDays) * 86400)
                return Output.write("\(count) lines forgotten\n")
            }
            let filter: KeyStore.AuditFilter = actor.map { .actor($0) } ?? target.map { .target($0) } ?? .all
            let records = try store.audit(filter, before: before, limit: limit)
            if json {
                return try Output.json(
                    records.map {
                        Line(
                            id: $0.id, time: $0.time, actor: $0.actor, action: $0.action, target: $0.target,
                            result: $0.result)
                    })
            }
            let format = ISO8601DateFormatter()
            for record in records {
                let time = format.string(from: Date(timeIntervalSince1970: TimeInterval(record.time)))
                Output.write("\(time)  \(record.actor)  \(record.action)  \(record.target)  \(record.result)\n")
            }
        }
    }
}
