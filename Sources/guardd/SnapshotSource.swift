import Guard
import Libcrypto
import MailFlow
import MilterServer

/// One immutable configuration, as something that makes sessions.
struct Snapshot: Sendable {
    let context: SessionContext
    let makeSession: @Sendable () -> any MailSession
}

/// The snapshot that new messages get. Replacing it does not touch the running ones.
final class SnapshotSource: SessionSource {
    private let state = Lock<(generation: Int, snapshot: Snapshot?)>((0, nil))

    var generation: Int { state.withLock { $0.generation } }
    var current: Snapshot? { state.withLock { $0.snapshot } }

    func replace(with snapshot: Snapshot) {
        state.withLock { $0 = ($0.generation + 1, snapshot) }
    }

    /// What sessions of the newest configuration are made with.
    /// - Throws: `GuardError` with code `unavailable` before the first.
    func context() throws -> SessionContext {
        guard let snapshot = current else {
            throw GuardError(.unavailable, "guardd is starting")
        }
        return snapshot.context
    }

    func makeSession() -> any MailSession {
        // libmilter serves nobody before the first snapshot is there; should that ever change, mail waits.
        current?.makeSession() ?? NotReadySession()
    }
}

/// Defers everything.
final class NotReadySession: MailSession {
    private let reply = Reply.tempfail(
        SMTPReply(code: 451, enhanced: "4.3.2", text: "guardd is starting, try again later"))
    func connected(host: String, address: ClientAddress?, macros: Macros) -> Reply { reply }
    func sender(_ path: [UInt8], arguments: [[UInt8]], macros: Macros) -> Reply { reply }
    func recipient(_ path: [UInt8], arguments: [[UInt8]], macros: Macros) -> Reply { reply }
    func header(name: [UInt8], value: [UInt8]) -> Reply { reply }
    func endOfHeaders(macros: Macros) -> Reply { reply }
    func body(_ bytes: Span<UInt8>) -> Reply { reply }
    func endOfMessage(macros: Macros) -> Outcome { Outcome(edits: [], body: nil, reply: reply) }
    func aborted() {}
    func closed() {}
}
