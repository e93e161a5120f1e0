import Foundation
import TestSupport
import Testing

extension Integration {
    /// Two daemons on one PostgreSQL. A few rounds; GUARDD_SCALE=1 makes it many.
    @Suite struct DaemonPairs {
        private static let isLong = ProcessInfo.processInfo.environment["GUARDD_SCALE"] != nil
        private let password = "correct horse battery"

        /// One of two daemons is killed again and again while both change the same accounts: nothing is half done, what was
        /// acknowledged is there, and the other goes on as if nothing were.
        @Test func oneOfTwoIsKilledAndTheOtherGoesOn() throws {
            let seed = UInt64.random(in: 0..<1_000_000)
            let pair = try DaemonPair(on: PostgresServer.shared())
            let work = Workers()
            let rings = RingLedger()
            let ana = try pair.client(1).session("ana@guard.test")
            let first = try pair.client(1).post(
                "/oxguard/keys?action=create&session=\(ana)", ["name": "Ana", "password": password])
            let ring = try #require(ListedRing(first.data), "\(first.text)")
            rings.change { $0.rings[ring.id] = [] }
            for index in 0..<4 {
                let worker = RingWorker(
                    client: pair.client(index % 2), session: ana, address: "ana@guard.test", password: password,
                    name: "w\(index)", mustSucceed: index % 2 == 1, ledger: rings)
                work.start { running in
                    var random = SplitMix64(seed: seed + UInt64(index))
                    var number = 0
                    while running() {
                        number += 1
                        worker.step(number, using: &random)
                    }
                }
            }
            let bob = try PasswordWalk(pair, "bob@guard.test", rings)
            work.start { running in while running() { bob.step() } }
            let eva = try Pulse(pair.client(1), "eva@guard.test", password)
            work.start { running in while running() { eva.beat() } }

            var random = SplitMix64(seed: seed &+ 1000)
            for _ in 0..<(Self.isLong ? 100 : 6) {
                usleep(.random(in: 50_000...1_000_000, using: &random))
                pair.daemons[0].killNow()
                try expectWhole(pair)
                usleep(.random(in: 0...300_000, using: &random))
                try pair.start(0)
            }
            work.stop()
            let known = rings.now
            say(
                "two daemons, seed \(seed): \(known.done) requests for one account, \(bob.changes) passwords, "
                    + "longest gap of the other daemon \(eva.longestGap) s in \(eva.beats) writes")
            #expect(known.surprises.isEmpty, "seed \(seed): \(known.surprises.prefix(5))")
            #expect(eva.failures.isEmpty, "\(eva.failures.prefix(5))")
            #expect(bob.failures.isEmpty, "\(bob.failures.prefix(5))")
            #expect(eva.longestGap < 5)
            try expectWhole(pair)
            try expectAcknowledged(known, pair, pair.client(0), ana)
            let lists = try (0..<2).map { try pair.client($0).get("/oxguard/keys?action=getKeys&session=\(ana)").text }
            #expect(lists[0] == lists[1])
        }

        /// The server is stopped and started under both daemons: they say so and go on when it is back.
        @Test func theServerComesAndGoesUnderBoth() throws {
            let server = try PostgresServer()
            let pair = try DaemonPair(on: server)
            let session = try pair.client(0).session("eva@guard.test")
            let made = try pair.client(0).post(
                "/oxguard/keys?action=create&session=\(session)", ["name": "Eva", "password": password])
            let ring = try #require(ListedRing(made.data), "\(made.text)")
            let work = Workers()
            let answers = Answers()
            for index in 0..<2 {
                let client = pair.client(index)
                work.start { running in
                    while running() {
                        answers.count(index) {
                            try client.post(
                                "/oxguard/keys?action=setCurrentKey&session=\(session)", ["keyid": "\(ring.id)"])
                        }
                    }
                }
                work.start { running in
                    while running() {
                        answers.count(index) { try client.get("/oxguard/keys?action=getKeys&session=\(session)") }
                    }
                }
                let socket = pair.daemons[index].socket
                work.start { running in
                    while running() { answers.count(index, mail: Result { try Self.send(socket) }) }
                }
            }
            for round in 0..<(Self.isLong ? 20 : 3) {
                try answers.waitForGood()
                server.stop(crash: round.isMultiple(of: 2))
                try answers.waitForRefused()
                try server.start()
            }
            try answers.waitForGood()
            work.stop()
            for daemon in pair.daemons { #expect(daemon.process?.isRunning == true) }
            let outcome = answers.all
            say("server stopped under two daemons: \(outcome.counts.sorted { $0.key < $1.key })")
            #expect(outcome.wrong.isEmpty, "\(outcome.wrong.prefix(5))")
            #expect(
                try ListedRing.all(pair.client(1).get("/oxguard/keys?action=getKeys&session=\(session)")).count == 1)
        }

        // MARK: -

        /// No row without those that belong to it.
        private func expectWhole(_ pair: DaemonPair, sourceLocation: SourceLocation = #_sourceLocation) throws {
            let broken = [
                // Accounts with rings have one that is current.
                "SELECT account_id FROM key_ring GROUP BY account_id HAVING SUM(is_current) <> 1",
                "SELECT id FROM key_ring WHERE account_id NOT IN (SELECT account_id FROM directory_entry)",
                "SELECT r.fingerprint FROM key_ring r JOIN deleted_ring d USING (account_id, fingerprint)",
                """
                SELECT fingerprint FROM certificate c WHERE
                    (SELECT COUNT(*) FROM certificate_key k WHERE k.certificate = c.fingerprint) <> 2
                    OR NOT EXISTS (SELECT 1 FROM key_ring r WHERE r.fingerprint = c.fingerprint)
                """,
                """
                SELECT certificate FROM certificate_user_id u JOIN certificate c ON c.fingerprint = u.certificate
                WHERE position(u.user_id IN c.bytes) = 0
                """,
            ]
            for sql in broken { #expect(try pair.query(sql) == [], "\(sql)", sourceLocation: sourceLocation) }
        }

        private func expectAcknowledged(
            _ known: RingLedger.State, _ pair: DaemonPair, _ client: ControlClient, _ session: String
        ) throws {
            let rings = try ListedRing.all(client.get("/oxguard/keys?action=getKeys&session=\(session)"))
            let present = Set(rings.map(\.id))
            #expect(rings.count(where: \.isCurrent) == 1)
            #expect(Set(known.rings.keys).subtracting(known.doomed).isSubset(of: present))
            #expect(present.isDisjoint(with: known.deleted))
            #expect(present.subtracting(known.rings.keys).count <= known.lost)
            for ring in present {
                let block = try client.post(
                    "/oxguard/keys?action=downloadKey&session=\(session)",
                    ["keyid": "\(ring)", "keyType": "private", "password": password])
                #expect(block.text.contains("BEGIN PGP PRIVATE KEY BLOCK"), "\(block.text.prefix(300))")
                let keyID = UInt64(bitPattern: ring)
                let rows = try pair.query(
                    """
                    SELECT convert_from(u.user_id, 'UTF8') FROM certificate_user_id u
                    JOIN certificate_key k ON k.certificate = u.certificate
                    WHERE k.key_id = decode('\(String(format: "%016lX", keyID))', 'hex')
                    """)
                #expect(known.rings[ring, default: []].isSubset(of: rows))
            }
        }

        /// A message on its way out: its result and what would be sent.
        private static func send(_ socket: String) throws -> (answer: MilterClient.Packet, body: [UInt8]) {
            let client = try MilterClient(path: socket)
            try client.negotiate()
            try client.macros(for: "C", [("{daemon_name}", "ORIGINATING")])
            try client.connect(host: "client.guard.test")
            let fields = [("From", " alice@guard.test"), ("To", " eva@guard.test"), ("Subject", " x")]
            for step in [
                { try client.mail("<alice@guard.test>") }, { try client.recipient("<eva@guard.test>") },
                { try client.data() }, { try fields.map { try client.header($0.0, $0.1) }.last ?? nil },
                { try client.endOfHeaders() }, { try client.body(Array("clear words\r\n".utf8)) },
            ] as [() throws -> MilterClient.Packet?] {
                // Whatever else it says is the last word.
                if let answer = try step(), answer.letter != "c" { return (answer, []) }
            }
            let packets = try client.endOfMessage()
            guard let last = packets.last else { throw TestFailure("no answer") }
            return (last, packets.filter { $0.letter == "b" }.flatMap(\.payload))
        }

        /// Threads that go on until they are told to stop.
        private final class Workers: @unchecked Sendable {
            private let lock = NSLock()
            private var isRunning = true
            private let group = DispatchGroup()

            func start(_ body: @escaping @Sendable (() -> Bool) -> Void) {
                group.enter()
                Thread.detachNewThread { [self] in
                    body { lock.withLock { isRunning } }
                    group.leave()
                }
            }

            func stop() {
                lock.withLock { isRunning = false }
                group.wait()
            }

            deinit { stop() }
        }

        /// Changes a password again and again, by one daemon and then by the other.
        private final class PasswordWalk: @unchecked Sendable {
            private let clients: [ControlClient]
            private let session: String
            private var candidates: [String]
            private var number = 0
            private(set) var changes = 0
            private(set) var failures: [String] = []

            init(_ pair: DaemonPair, _ address: String, _ ledger: RingLedger) throws {
                clients = [pair.client(0), pair.client(1)]
                candidates = ["correct horse 0"]
                session = try clients[1].session(address)
                let made = try clients[1].post(
                    "/oxguard/keys?action=create&session=\(session)", ["name": "Bob", "password": candidates[0]])
                guard made.isDone else { throw TestFailure(made.text) }
            }

            func step() {
                number += 1
                let client = clients[number % 2]
                let next = "correct horse \(number)"
                // After a kill nobody knows which of two it is; one of them it must be.
                for old in candidates {
                    let reply: StoryReply
                    do {
                        reply = try client.post(
                            "/oxguard/login?action=changepass&type=PGP&session=\(session)",
                            ["oldpass": old, "newpass": next])
                    } catch {
                        if number % 2 == 1 { failures.append("\(error)") }
                        candidates.append(next)
                        return
                    }
                    if reply.isDone {
                        changes += 1
                        candidates = [next]
                        return check(old: old, new: next)
                    }
                    if reply.code != "PGP-CORE-0003" { failures.append("\(reply.status) \(reply.text)") }
                }
                failures.append("none of \(candidates) is the password")
            }

            /// The other daemon knows at once.
            private func check(old: String, new: String) {
                let target = "/oxguard/login?action=login&type=PGP&session=\(session)"
                guard let good = try? clients[1].post(target, ["encr_password": new]),
                    let bad = try? clients[1].post(target, ["encr_password": old])
                else { return failures.append("the other daemon does not answer") }
                if !good.isDone { failures.append("new password: \(good.text)") }
                if bad.code != "PGP-CORE-0003" { failures.append("old password: \(bad.text)") }
            }
        }

        /// Small writes one after the other, and the longest time between two of them.
        private final class Pulse: @unchecked Sendable {
            private let client: ControlClient
            private let session: String
            private let ring: Int64
            private var last = ContinuousClock.now
            private(set) var longestGap = 0.0
            private(set) var beats = 0
            private(set) var failures: [String] = []

            init(_ client: ControlClient, _ address: String, _ password: String) throws {
                self.client = client
                session = try client.session(address)
                let made = try client.post(
                    "/oxguard/keys?action=create&session=\(session)", ["name": "Eva", "password": password])
                guard let ring = ListedRing(made.data) else { throw TestFailure(made.text) }
                self.ring = ring.id
                last = .now
            }

            func beat() {
                do {
                    let reply = try client.post(
                        "/oxguard/keys?action=setCurrentKey&session=\(session)", ["keyid": "\(ring)"])
                    guard reply.isDone else { return failures.append("\(reply.status) \(reply.text)") }
                } catch { return failures.append("\(error)") }
                let now = ContinuousClock.now
                longestGap = max(longestGap, (now - last) / .seconds(1))
                last = now
                beats += 1
                usleep(5000)
            }
        }

        /// What both daemons answered.
        private final class Answers: @unchecked Sendable {
            struct All {
                var counts: [String: Int] = [:]
                var wrong: [String] = []
            }

            private let lock = NSLock()
            private var state = All()
            var all: All { lock.withLock { state } }

            private func add(_ index: Int, _ what: String, wrong: String? = nil) {
                lock.withLock {
                    state.counts["\(index) \(what)", default: 0] += 1
                    if let wrong { state.wrong.append(wrong) }
                }
            }

            func count(_ index: Int, _ ask: () throws -> StoryReply) {
                do {
                    let reply = try ask()
                    if reply.isDone { return add(index, "request good") }
                    let isRefused = reply.status == 503 && reply.code == "GRD-SRV-0002"
                    let isBusy = reply.status == 429 && reply.code == "GRD-SRV-0001"
                    add(
                        index, "request refused",
                        wrong: isRefused || isBusy ? nil : "\(reply.status) \(reply.text.prefix(300))")
                    usleep(5000)
                } catch { add(index, "request lost", wrong: "\(error)") }
            }

            func count(_ index: Int, mail: Result<(answer: MilterClient.Packet, body: [UInt8]), any Error>) {
                switch mail {
                case .success(let (answer, body)) where answer.letter == "c" || answer.letter == "a":
                    let isProtected = body.firstRange(of: Array("BEGIN PGP MESSAGE".utf8)) != nil
                    add(index, "mail good", wrong: isProtected ? nil : "mail in clear: \(body)")
                case .success(let (answer, _)):
                    let isTemporary = answer.letter == "t" || answer.letter == "y" && answer.text.hasPrefix("4")
                    add(index, "mail refused", wrong: isTemporary ? nil : "\(answer)")
                    usleep(5000)
                case .failure(let error): add(index, "mail lost", wrong: "\(error)")
                }
            }

            /// Until each daemon did ten more of everything.
            func waitForGood() throws { try wait("good", 10) }
            func waitForRefused() throws { try wait("refused", 2) }

            private func wait(_ what: String, _ count: Int) throws {
                let before = all.counts
                let names = [0, 1].flatMap { ["\($0) request \(what)", "\($0) mail \(what)"] }
                let came = Wait.until(seconds: 60) {
                    let now = all.counts
                    return names.allSatisfy { now[$0, default: 0] >= before[$0, default: 0] + count }
                }
                guard came else { throw TestFailure("not \(what): \(all.counts), \(all.wrong.prefix(3))") }
            }
        }
    }
}
