import Foundation
import TestSupport

/// What clients of an account know of its rings: what was asked for, and what was answered.
final class RingLedger: @unchecked Sendable {
    private let lock = NSLock()
    private var state = State()

    struct State {
        /// Rings whose creation was acknowledged, with the user IDs whose addition was.
        var rings: [Int64: Set<String>] = [:]
        /// Rings whose deletion was asked for.
        var doomed: Set<Int64> = []
        var deleted: Set<Int64> = []
        /// Creations of which nobody knows.
        var lost = 0
        /// Answers that should not have been.
        var surprises: [String] = []
        var done = 0
    }

    var now: State { lock.withLock { state } }
    func change(_ body: (inout State) -> Void) { lock.withLock { body(&state) } }
    func surprise(_ text: String) { change { $0.surprises.append(text) } }
}

/// A client that changes the rings of one account at random.
struct RingWorker {
    let client: ControlClient
    let session: String
    let address: String
    let password: String
    let name: String
    /// Whether its daemon is never killed: then everything must be answered.
    let mustSucceed: Bool
    let ledger: RingLedger

    /// Makes one change, or looks.
    func step(_ number: Int, using random: inout SplitMix64) {
        let state = ledger.now
        let rings = state.rings.keys.filter { !state.doomed.contains($0) }.sorted()
        let choice = Int.random(in: 0..<100, using: &random)
        guard let ring = rings.randomElement(using: &random), choice >= 15 || rings.count >= 6 else { return create() }
        switch choice {
        case ..<70: act("setCurrentKey", ring, [:]) {}
        case ..<85:
            let person = "\(name)-\(number)"
            act("addUserId", ring, ["name": person, "email": address, "password": password]) {
                ledger.change { $0.rings[ring]?.insert("\(person) <\(address)>") }
            }
        case ..<93 where rings.count > 3:
            ledger.change { $0.doomed.insert(ring) }
            act("delete", ring, ["password": password]) { ledger.change { $0.deleted.insert(ring) } }
        default: look()
        }
    }

    private func create() {
        let reply = ask { try client.post(target("create"), ["name": name, "password": password]) }
        guard let reply else { return ledger.change { $0.lost += 1 } }
        guard reply.isDone, let ring = ListedRing(reply.data) else { return ledger.surprise("create: \(reply.text)") }
        ledger.change { $0.rings[ring.id] = [] }
    }

    private func act(_ action: String, _ ring: Int64, _ form: [String: String], done: () -> Void) {
        let form = form.merging(["keyid": "\(ring)"]) { $1 }
        guard let reply = ask({ try client.post(target(action), form) }) else { return }
        if reply.isDone { return done() }
        // Another client may have deleted it; nothing else is in order.
        guard reply.code == "GRD-KEY-0001", ledger.now.doomed.contains(ring) else {
            return ledger.surprise("\(action): \(reply.status) \(reply.text)")
        }
    }

    private func look() {
        guard let reply = ask({ try client.get(target("getKeys")) }) else { return }
        let current = (try? ListedRing.all(reply))?.count(where: \.isCurrent)
        if current != 1 { ledger.surprise("\(current ?? -1) current rings: \(reply.text.prefix(500))") }
    }

    private func target(_ action: String) -> String { "/oxguard/keys?action=\(action)&session=\(session)" }

    private func ask(_ body: () throws -> StoryReply) -> StoryReply? {
        do {
            let reply = try body()
            ledger.change { $0.done += 1 }
            return reply
        } catch {
            if mustSucceed { ledger.surprise("\(name): \(error)") } else { usleep(20_000) }
            return nil
        }
    }
}
