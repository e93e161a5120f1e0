import Foundation
import TestSupport
import Testing

extension Integration {
    /// guardd is killed while clients of its control socket change keys: what was acknowledged is there, nothing is there
    /// by half, and the audit log has a line of each change that is there and of no other. Ten rounds; GUARDD_SCALE=1 makes it two hundred. GUARDD_SEED repeats a run's changes.
    @Suite struct ControlCrash {
        private static let environment = ProcessInfo.processInfo.environment
        private static let rounds = environment["GUARDD_SCALE"] == "1" ? 200 : 10

        @Test func clientsOfTheControlSocketSeeKills() throws {
            let seed = Self.environment["GUARDD_SEED"].flatMap { UInt64($0) } ?? UInt64(time(nil))
            print("control crash: GUARDD_SEED=\(seed)")
            var dice = SplitMix64(seed: seed)
            let guardd = try GuardDaemon(rules: [.init(encrypt: "opportunistic")])
            let socket = guardd.directory.file("run/control.sock")
            // A guess counts before the password is tried and is forgotten after it: each kill may leave one.
            guardd.tables = """
                [control]
                socket = "\(socket)"

                [guard.passwords]
                failures = 1000

                [guard.recovery]
                offered = true

                """
            try guardd.writeConfiguration()
            let clients = (0..<8).map { CrashClient($0, ControlClient(socket: socket), seed: seed) }
            var starts = 0
            for round in 0..<Self.rounds {
                if dice.roll(4) == 0 {
                    try killStarting(guardd, afterMilliseconds: dice.roll(300))
                    starts += 1
                }
                try guardd.start()
                try Wait.untilListening(.unix(socket))
                if round > 0 { try clients[dice.roll(clients.count)].openKey() }
                run(clients, guardd, changes: 1 + dice.roll(60), thenMicroseconds: dice.roll(8000))
                let store = try StoreSnapshot(of: guardd.store)
                for client in clients { client.check(store) }
                let problems = store.problems + clients.flatMap(\.problems)
                try #require(
                    problems == [], "round \(round): \(problems.joined(separator: "\n"))\n\(guardd.log.suffix(2000))")
            }
            print(
                "control crash: \(Self.rounds) rounds, \(starts) kills while starting, "
                    + "\(clients.map(\.acknowledged).reduce(0, +)) changes acknowledged, "
                    + "\(clients.map(\.unheard).reduce(0, +)) made and not heard of, "
                    + "\(clients.flatMap(\.audited.values).reduce(0, +)) lines in the audit log")
        }

        /// All clients at once until so many changes were sent, and then a little longer.
        private func run(_ clients: [CrashClient], _ guardd: GuardDaemon, changes: Int, thenMicroseconds: Int) {
            let sent = Counter()
            let group = DispatchGroup()
            for client in clients {
                group.enter()
                Thread {
                    client.run { sent.add() }
                    group.leave()
                }.start()
            }
            _ = Wait.until(seconds: 60) { sent.value >= changes }
            usleep(useconds_t(thenMicroseconds))
            guardd.killNow()
            group.wait()
        }

        private func killStarting(_ guardd: GuardDaemon, afterMilliseconds: Int) throws {
            let process = try ChildProcess(
                Executable.path("guardd"), ["--config", guardd.configuration], log: guardd.directory.file("log"))
            usleep(useconds_t(afterMilliseconds * 1000))
            process.killNow()
        }
    }
}

/// Counts on many threads.
private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    var value: Int { lock.withLock { count } }
    func add() { lock.withLock { count += 1 } }
}
