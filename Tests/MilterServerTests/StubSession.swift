import Libcrypto
import MailFlow
import ProtectedMail
import TestSupport

@testable import MilterServer

/// What happened in the sessions, by the name of the client host; and a gate that end of message can be held at.
final class Recorder: @unchecked Sendable {
    private let condition = Condition()
    private var events: [String: [String]] = [:]
    private var isOpen = false
    private var waiting = 0

    func add(_ host: String, _ event: String) {
        condition.withLock {
            events[host, default: []].append(event)
            condition.broadcast()
        }
    }
    func events(of host: String) -> [String] { condition.withLock { events[host] ?? [] } }

    /// Waits for an event to be recorded; false after a minute.
    func wait(for event: String, of host: String) -> Bool {
        let deadline = Condition.deadline(in: 60)
        return condition.withLock {
            while !(events[host] ?? []).contains(event) {
                guard condition.wait(until: deadline) else { return false }
            }
            return true
        }
    }

    func passGate() {
        let deadline = Condition.deadline(in: 120)
        condition.withLock {
            waiting += 1
            condition.broadcast()
            while !isOpen, condition.wait(until: deadline) {}
            waiting -= 1
        }
    }

    /// Waits until `count` callers stand at the gate; returns how many do, at most a minute later.
    func waitForCrowd(_ count: Int, seconds: Int = 60) -> Int {
        let deadline = Condition.deadline(in: seconds)
        return condition.withLock {
            while waiting < count, condition.wait(until: deadline) {}
            return waiting
        }
    }

    func setGate(open: Bool) {
        condition.withLock {
            isOpen = open
            condition.broadcast()
        }
    }
}

/// A session that does what the local part of the sender says.
final class StubSession: MailSession {
    private let recorder: Recorder
    private var host = ""
    private var behaviour = ""
    private var bodyCount = 0

    init(recorder: Recorder) { self.recorder = recorder }

    private func note(_ event: String) { recorder.add(host, event) }
    private let no = SMTPReply(code: 550, enhanced: "5.7.1", text: "100% no\r\nreally: \u{E9}")
    private let later = SMTPReply(code: 451, enhanced: "4.7.1", text: "later")

    func connected(host: String, address: ClientAddress?, macros: Macros) -> Reply {
        self.host = host
        note("connected \(address.map { "\($0.bytes)" } ?? "-") \(macros["{daemon_name}"] ?? "-")")
        return host.hasPrefix("refused") ? .tempfail(later) : .proceed
    }
    func sender(_ path: [UInt8], arguments: [[UInt8]], macros: Macros) -> Reply {
        let text = String(decoding: path, as: UTF8.self)
        behaviour = String(text.dropFirst().prefix { $0 != "@" })
        bodyCount = 0
        note(
            "sender \(text) \(arguments.map { String(decoding: $0, as: UTF8.self) }) \(macros["{auth_authen}"] ?? "-")")
        switch behaviour {
        case "reject-mail": return .reject(no)
        case "defer-mail": return .tempfail(later)
        case "early-accept": return .accept
        default: return .proceed
        }
    }
    func recipient(_ path: [UInt8], arguments: [[UInt8]], macros: Macros) -> Reply {
        note("recipient \(String(decoding: path, as: UTF8.self)) \(macros["{rcpt_mailer}"] ?? "-")")
        return String(decoding: path, as: UTF8.self).hasPrefix("<no@") ? .reject(no) : .proceed
    }
    func header(name: [UInt8], value: [UInt8]) -> Reply {
        note(
            "header \(String(decoding: name, as: UTF8.self)):\(value.count > 200 ? "\(value.count)" : String(decoding: value, as: UTF8.self))"
        )
        return behaviour == "reject-header" ? .reject(no) : .proceed
    }
    func endOfHeaders(macros: Macros) -> Reply {
        note("endOfHeaders \(macros["i"] ?? "-")")
        switch behaviour {
        case "accept", "early-accept": return .accept
        case "skip": return .skipBody
        case "reject-eoh": return .reject(no)
        default: return .proceed
        }
    }
    func body(_ bytes: Span<UInt8>) -> Reply {
        bodyCount += bytes.count
        note("body \(bytes.count)")
        return behaviour == "reject-body" ? .reject(no) : .proceed
    }
    func endOfMessage(macros: Macros) -> Outcome {
        note("endOfMessage \(bodyCount)")
        switch behaviour {
        case "gate":
            recorder.passGate()
            return Outcome(edits: [.append(name: "X-Gate", value: " passed")], body: nil, reply: .proceed)
        case "rewrite", "small-rewrite":
            let spool = Spool()
            try? spool.append([UInt8](repeating: 0x61, count: behaviour == "rewrite" ? 200_000 : 500))
            return Outcome(
                edits: [
                    .remove(name: "Subject", occurrence: 2),
                    .replace(name: "Subject", occurrence: 1, value: " =?new\r\n fold\r\n"),
                    .insert(index: 0, name: "Authentication-Results", value: " first"),
                    .append(name: "X-Last", value: "tight"),
                ], body: spool, reply: .proceed)
        case "empty-body": return Outcome(edits: [], body: Spool(), reply: .proceed)
        case "bad-edit": return Outcome(edits: [.append(name: "X-Bad", value: "a\0b")], body: nil, reply: .proceed)
        case "reject-eom":
            return Outcome(edits: [.append(name: "X-Never", value: " x")], body: nil, reply: .reject(no))
        case "skip": return Outcome(edits: [.append(name: "X-Skipped", value: " yes")], body: nil, reply: .proceed)
        default: return Outcome(edits: [], body: nil, reply: .proceed)
        }
    }
    func aborted() { note("aborted") }
    func closed() { note("closed") }
}

/// Stub sessions; `reload` is what a new configuration does.
final class StubSource: SessionSource {
    let recorder = Recorder()
    private let number = Lock(1)
    var generation: Int { number.withLock { $0 } }
    func makeSession() -> any MailSession { StubSession(recorder: recorder) }
    func reload() { number.withLock { $0 += 1 } }
}
