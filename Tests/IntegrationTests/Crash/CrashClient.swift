import Foundation
import Libcrypto
import OpenPGP
import TestSupport

/// Changes accounts of its own over the control socket and remembers what was acknowledged.
final class CrashClient: @unchecked Sendable {
    private struct Doubt {
        let change: CrashChange
        let address: String
    }

    let number: Int
    private let client: ControlClient
    private var dice: SplitMix64
    private var accounts: [String: StoredAccount] = [:]
    /// Of each ring.
    private var passwords: [String: String] = [:]
    /// Lines that the audit log must have, by "actor action".
    private(set) var audited: [String: Int] = [:]
    private var address = ""
    private var session = ""
    /// What was asked for and not answered.
    private var doubt: Doubt?
    private var count = 0

    private(set) var acknowledged = 0
    /// Changes that were made although their answer never came.
    private(set) var unheard = 0
    private(set) var problems: [String] = []

    init(_ number: Int, _ client: ControlClient, seed: UInt64) {
        self.number = number
        self.client = client
        dice = SplitMix64(seed: seed &+ UInt64(number) &* 0x1234_5678_9ABC_DEF1)
    }

    private var account: StoredAccount { accounts[address] ?? StoredAccount() }
    private var password: String { account.currentRing.flatMap { passwords[$0.fingerprint] } ?? "" }

    /// Makes changes until the connection breaks; `tell` hears of each that is sent.
    func run(_ tell: () -> Void) {
        while problems.isEmpty {
            do {
                let change = try next()
                doubt = Doubt(change: change, address: address)
                tell()
                guard let reply = try? send(change) else { return }
                guard reply.isSuccess else {
                    problems.append("\(address): \(change) was refused: \(reply.text)")
                    return
                }
                settle(change, news: news(change, reply))
                acknowledged += 1
            } catch { problems.append("\(error)") }
        }
    }

    private func send(_ change: CrashChange) throws -> StoryReply {
        var password = password
        // A ring may have another password than the current one.
        switch change {
        case .addUserID(let ring, _), .delete(let ring): password = passwords[ring] ?? ""
        default: break
        }
        return try change.send(client, session: session, address: address, password: password)
    }

    private func settle(_ change: CrashChange, news: [String]) {
        accounts[address] = change.applied(to: account, at: address, news: news)
        if let name = change.auditName { audited["user:\(address) \(name)", default: 0] += 1 }
        switch change {
        case .create(let password, _): for ring in news { passwords[ring] = password }
        case .upload(let secrets, let password): for secret in secrets { passwords[secret.fingerprint.hex] = password }
        case .changePassword(let new): if let ring = account.currentRing { passwords[ring.fingerprint] = new }
        case .logout: session = ""
        default: break
        }
        doubt = nil
    }

    /// What an answer says was made.
    private func news(_ change: CrashChange, _ reply: StoryReply) -> [String] {
        let data = reply.object?["data"] as? [String: Any]
        switch change {
        case .open:
            session = data?["session"] as? String ?? ""
            return [Self.hash(session)]
        case .create:
            let keys = (data?["publicRing"] as? [String: Any])?["keys"] as? [[String: Any]]
            return [(keys?.first?["fingerPrint"] as? String)?.uppercased() ?? "none"]
        default: return []
        }
    }

    private static func hash(_ session: String) -> String {
        let digest = (try? Digest.hash(.sha256, Array(session.utf8))) ?? []
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    // MARK: What to do next

    private func next() throws -> CrashChange {
        count += 1
        let unique = "\(number)-\(count)"
        if address.isEmpty || account.version > 60 {
            (address, session) = ("client\(unique)@guard.test", "")
            accounts[address] = StoredAccount()
        }
        if session.isEmpty { return .open }
        guard let current = account.currentRing else {
            return .create(
                password: "password \(unique)", secondary: dice.roll(2) == 0 ? "to\(unique)@elsewhere.test" : nil)
        }
        let ring = account.rings[dice.roll(account.rings.count)].fingerprint
        let externals = account.externals.keys.sorted()
        let external = externals.isEmpty ? nil : externals[dice.roll(externals.count)]
        // Passwords are slow: most changes do without one, so that kills meet transactions.
        switch dice.roll(40) {
        case 0:
            return .create(
                password: "password \(unique)", secondary: dice.roll(2) == 0 ? "to\(unique)@elsewhere.test" : nil)
        case 1: return .upload(try [secret(address), secret(address)], password: "password \(unique)")
        case 2: return .addUserID(ring, address: "more\(unique)@guard.test")
        case 3: return .delete(dice.roll(2) == 0 ? current.fingerprint : ring)
        case 4: return .changePassword("password \(unique)")
        case 5: return dice.roll(3) == 0 ? .changeSecondary("to\(unique)@elsewhere.test") : .attach
        case 6: return .logout
        case 7...14: return .makeCurrent(ring)
        case 15...20: return external.map { .share($0, dice.roll(2) == 0) } ?? .makeCurrent(ring)
        case 21...26: return external.map { .inline($0, dice.roll(2) == 0) } ?? .makeCurrent(ring)
        case 27...30: return external.map { .deleteExternal($0) } ?? .makeCurrent(ring)
        default:
            return .uploadExternal(
                try ["a", "b", "c"].map { try secret("\($0)\(unique)@elsewhere.test").certificate })
        }
    }

    private func secret(_ address: String) throws -> SecretCertificate {
        try SecretCertificate.generate(userIDs: ["<\(address)>"], at: Timestamp(Int64(time(nil))))
    }

    // MARK: What the store has of it

    /// Compares the store with what was acknowledged, and finds out what became of the change that was under way.
    func check(_ store: StoreSnapshot) {
        for (address, before) in accounts {
            let found = store.accounts[address] ?? StoredAccount()
            let isDoubtful = doubt?.address == address
            if found != before {
                guard isDoubtful, let change = doubt?.change else {
                    problems.append("\(address): \(found)\nacknowledged: \(before)")
                    continue
                }
                let known = Set(before.rings.map(\.fingerprint))
                var news = found.rings.map(\.fingerprint).filter { !known.contains($0) }
                if case .open = change { news = found.sessions.subtracting(before.sessions).sorted() }
                settle(change, news: Array(news.prefix(1)))
                unheard += 1
                if accounts[address] != found {
                    problems.append(
                        "\(address): half of \(change): \(found)\nbefore: \(before)\nafter: \(account)")
                }
                // Whose identifier nobody heard.
                if case .open = change { session = "" }
            }
        }
        doubt = nil
        // Every change that is there has its line, heard of or not, and no other has one.
        let mine = store.audited.keys.filter {
            accounts[String($0.dropFirst("user:".count).prefix { $0 != " " })] != nil
        }
        for key in Set(audited.keys).union(mine) where store.audited[key, default: 0] != audited[key, default: 0] {
            problems.append(
                "audit: \(key): \(store.audited[key, default: 0]) lines, \(audited[key, default: 0]) changes")
        }
    }

    /// Opens the current ring with its password, where there is one.
    func openKey() throws {
        guard !session.isEmpty, account.currentRing != nil else { return }
        let reply = try CrashChange.attach.send(client, session: session, address: address, password: password)
        guard reply.isSuccess else {
            problems.append("\(address): its password does not open its key: \(reply.text)")
            return
        }
        settle(.attach, news: [])
    }
}
