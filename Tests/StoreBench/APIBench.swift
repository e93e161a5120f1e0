import Foundation
import TestSupport

/// Requests of the control API per second, against a bare route that answers the same octets.
struct APIBench {
    /// Accounts that ask; each has a ring and a session.
    private static let askers = 8
    private static let connections = 8
    private static let rounds = ProcessInfo.processInfo.environment["ROUNDS"].flatMap { Int($0) } ?? 7
    private static let password = "correct horse battery"

    /// One kind of request, by all askers.
    private struct Row {
        let name: String
        let requests: [[UInt8]]
        /// Requests of one block on one connection.
        let count: Int
    }

    /// A guardd with a store of some size.
    private final class Site {
        let accounts: Int
        let guardd: GuardDaemon
        let socket: String
        var rows: [Row] = []
        /// Requests per second by row and round.
        var rates: [[Double]] = []

        init(accounts: Int) throws {
            self.accounts = accounts
            guardd = try GuardDaemon(rules: [])
            socket = guardd.directory.file("run/control.sock")
            guardd.tables = "[control]\nsocket = \"\(socket)\"\n"
            try guardd.writeConfiguration()
            try StoreFill.run(guardd.store, accounts: accounts)
            try guardd.start()
            try Wait.untilListening(.unix(socket))
        }

        deinit { guardd.stop() }
    }

    func run() throws {
        let large = Main.isWhole ? 1_000_000 : 50_000
        let start = Date()
        let sites = try [Site(accounts: 1000), Site(accounts: large)]
        say(
            "\ncontrol API: stores with 1,000 and \(large) accounts filled in \(Int(Date().timeIntervalSince(start))) s"
        )
        let folder = try TemporaryDirectory("bare", mode: 0o755)
        let bare = try ChildProcess(
            Executable.path("store-bench"), ["bare", folder.file("bare.sock")], log: folder.file("log"))
        defer { bare.stop() }
        try Wait.untilListening(.unix(folder.file("bare.sock")))
        for site in sites { try prepare(site) }
        let same = try sites[0].rows.map { try bareRow($0, sites[0], folder) }

        var bareRates = [[Double]](repeating: [], count: same.count)
        var cost = [(guardd: Double, bare: Double)](repeating: (0, 0), count: same.count)
        for site in sites { site.rates = [[Double]](repeating: [], count: same.count) }
        for round in 0...Self.rounds {
            for index in same.indices {
                // The order turns, so that none always follows the same neighbour.
                for place in 0..<3 {
                    switch (place + round) % 3 {
                    case 0:
                        let before = ProcessUsage.preciseSeconds(bare.pid)
                        let rate = try measure(folder.file("bare.sock"), same[index])
                        guard round > 0 else { continue }  // round 0 warms up
                        bareRates[index].append(rate)
                        cost[index].bare += ProcessUsage.preciseSeconds(bare.pid) - before
                    case let which:
                        let site = sites[which - 1]
                        let before = ProcessUsage.preciseSeconds(site.guardd.pid ?? 0)
                        let rate = try measure(site.socket, site.rows[index])
                        guard round > 0 else { continue }
                        site.rates[index].append(rate)
                        if which == 1 {
                            cost[index].guardd += ProcessUsage.preciseSeconds(site.guardd.pid ?? 0) - before
                        }
                    }
                }
            }
        }
        say("requests/s over \(Self.connections) open connections, \(Self.rounds) interleaved rounds, median")
        let widths = [26, 12, 12, 12, 16, 18, 0]
        say(row(["request", "bare", "guardd", "ratio", "\(large)", "to 1,000", "CPU us, bare/guardd"], widths))
        for (index, one) in same.enumerated() {
            let (bare, few, many) = (bareRates[index], sites[0].rates[index], sites[1].rates[index])
            let requests = Double(Self.rounds * Self.connections * one.count)
            let cells = [
                one.name, String(format: "%.0f", median(bare)), String(format: "%.0f", median(few)),
                String(format: "%.2f", median(zip(few, bare).map { $0 / $1 })),
                String(format: "%.0f", median(many)),
                String(format: "time x %.2f", median(zip(few, many).map { $0 / $1 })),
                String(format: "%.0f / %.0f", cost[index].bare / requests * 1e6, cost[index].guardd / requests * 1e6),
            ]
            say(row(cells, widths))
        }
        say("aims: reading at least 0.5 of the bare route; time with many accounts at most 1.3 of that with few")
    }

    private func measure(_ socket: String, _ row: Row) throws -> Double {
        try Load.run(socket: socket, connections: Self.connections, requests: row.requests, count: row.count)
    }

    private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    /// Makes accounts with rings and the requests for them.
    private func prepare(_ site: Site) throws {
        let client = try LoadClient(socket: site.socket)
        func post(_ target: String, _ body: String) -> [UInt8] {
            Array(
                ("POST \(target) HTTP/1.1\r\nHost: guardd\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)").utf8)
        }
        func get(_ target: String) -> [UInt8] { Array("GET \(target) HTTP/1.1\r\nHost: guardd\r\n\r\n".utf8) }
        let password = Self.password.replacingOccurrences(of: " ", with: "+")
        var sessions: [String] = []
        for number in 0..<Self.askers {
            let answer = try client.ask(
                post("/guardd/session?action=open", "email=asker\(number)%40guard.test"))
            let object = try JSONSerialization.jsonObject(with: Data(answer)) as? [String: Any]
            guard let session = (object?["data"] as? [String: Any])?["session"] as? String else {
                throw TestFailure("no session: \(String(decoding: answer, as: UTF8.self))")
            }
            let made = try client.ask(
                post("/oxguard/keys?action=create&session=\(session)", "name=Asker&password=\(password)"))
            guard String(decoding: made, as: UTF8.self).contains("publicRing") else {
                throw TestFailure("no ring: \(String(decoding: made, as: UTF8.self))")
            }
            sessions.append(session)
        }
        let login = "/oxguard/login?action=login&type=PGP&session="
        site.rows = [
            Row(
                name: "getKey", requests: sessions.map { get("/oxguard/keys?action=getKey&session=\($0)") }, count: 250),
            Row(
                name: "getRecipKey",
                requests: sessions.enumerated().map { number, session in
                    get(
                        "/oxguard/keys?action=getRecipKey&session=\(session)"
                            + "&email=asker\((number + 1) % Self.askers)%40guard.test")
                }, count: 250),
            Row(name: "login, no password", requests: sessions.map { post(login + $0, "lang=en_US") }, count: 250),
            Row(
                name: "login with Argon2id",
                requests: sessions.map { post(login + $0, "encr_password=\(password)") }, count: 1),
        ]
    }

    /// The same requests with the name of the file whose octets are the answer.
    private func bareRow(_ row: Row, _ site: Site, _ folder: TemporaryDirectory) throws -> Row {
        let client = try LoadClient(socket: site.socket)
        let requests = try row.requests.enumerated().map { number, request in
            let file = try folder.write(
                row.name.filter(\.isLetter) + "\(number)", Array(try client.ask(request)), mode: 0o644)
            let text = String(decoding: request, as: UTF8.self)
            return Array(
                text.replacingOccurrences(of: "\r\nHost: guardd\r\n", with: "\r\nHost: guardd\r\nX-Answer: \(file)\r\n")
                    .utf8)
        }
        return Row(name: row.name, requests: requests, count: row.count)
    }
}
