import Foundation
import TestSupport

/// Two guardd with control sockets of their own on one store in PostgreSQL.
final class DaemonPair: Sendable {
    let daemons: [GuardDaemon]
    private let server: PostgresServer
    private let schema: String

    init(on server: PostgresServer) throws {
        self.server = server
        schema = "pair" + UUID().uuidString.lowercased().filter { $0 != "-" }
        let url = try server.makeSchema(schema)
        var daemons: [GuardDaemon] = []
        for _ in 0..<2 {
            var settings = ["store": GuardDaemon.Rule.quoted(url)]
            if let first = daemons.first { settings["master_key"] = GuardDaemon.Rule.quoted(first.masterKey) }
            let daemon = try GuardDaemon(
                rules: [.init("all", recipient: "*", encrypt: "required", sign: "never", missingKey: "refuse")],
                settings: settings)
            // A guess is counted before the password is tried, and taken back afterwards: kills leave some behind.
            daemon.tables = """
                [control]
                socket = "\(daemon.directory.file("run/control.sock"))"

                [guard.passwords]
                failures = 1000
                argon2_memory = "1 MiB"
                argon2_passes = 1

                """
            try daemon.writeConfiguration()
            daemons.append(daemon)
        }
        self.daemons = daemons
        for index in 0..<2 { try start(index) }
    }

    deinit { for daemon in daemons { daemon.stop() } }

    func start(_ index: Int) throws {
        try daemons[index].start()
        try Wait.untilListening(.unix(daemons[index].directory.file("run/control.sock")))
    }

    func client(_ index: Int) -> ControlClient {
        ControlClient(socket: daemons[index].directory.file("run/control.sock"))
    }

    /// What a query in the store answers, line by line, columns between `|`.
    func query(_ sql: String) throws -> [String] {
        try server.run("SET search_path = \(schema); \(sql)").split(separator: "\n").map(String.init)
    }
}

extension ControlClient {
    /// A password-less session for a mailbox.
    func session(_ address: String) throws -> String {
        let reply = try post("/guardd/session?action=open", ["email": address])
        guard let session = (reply.object?["data"] as? [String: Any])?["session"] as? String else {
            throw TestFailure("no session: \(reply.text)")
        }
        return session
    }

    /// - Throws: where nobody answered; then nobody knows whether it was done.
    func post(_ target: String, _ form: [String: String]) throws -> StoryReply {
        try post(target, form: form)
    }
}

extension StoryReply {
    /// The code of the error that it carries.
    var code: String? { object?["code"] as? String }
    var isDone: Bool { status == 200 && object?["error"] == nil }
    var data: [String: Any]? { object?["data"] as? [String: Any] }
}

/// A key ring as the API describes it.
struct ListedRing: Equatable {
    let id: Int64
    let isCurrent: Bool

    init?(_ object: [String: Any]?) {
        let keys = (object?["publicRing"] as? [String: Any])?["keys"] as? [[String: Any]]
        guard let primary = keys?.first(where: { $0["masterKey"] as? Bool == true }),
            let id = (primary["id"] as? NSNumber)?.int64Value, let current = object?["current"] as? Bool
        else { return nil }
        self.id = id
        isCurrent = current
    }

    static func all(_ reply: StoryReply) throws -> [ListedRing] {
        guard reply.isDone, let rings = reply.data?["keyRings"] as? [[String: Any]] else {
            throw TestFailure("no rings: \(reply.text.prefix(500))")
        }
        return rings.compactMap { ListedRing($0) }
    }
}
