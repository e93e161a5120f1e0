import Libcrypto
import NIOCore
import NIOPosix

/// Connections on which a message was taken, and which wait a moment for the next one. A mail server has a cache of its own for
/// this: to connect and greet costs both sides about as much as a small message.
///
/// Whoever takes one asks with MAIL whether it is still good, and needs another where it is not; nothing is lost by that. There are
/// never more open than were in use at once: messages take what waits before they make new ones.
public final class KeptConnections: Sendable {
    /// How many wait at most, those to all next hops together.
    static let maxWaiting = Reinjector.spareConnections

    private struct Waiting: Sendable {
        let connection: KeptConnection
        let until: ContinuousClock.Instant
    }

    private struct State: Sendable {
        /// Newest last.
        var waiting: [Waiting] = []
        /// When the next timer runs, and its number: one that another has overtaken starts no more.
        var timer: ContinuousClock.Instant?
        var timerNumber = 0
        var isClosed = false
    }

    private let state = Lock(State())

    public init() {}

    deinit { closeAll() }

    /// How many wait.
    var count: Int { state.withLock { $0.waiting.count } }

    /// Connections that were made with these settings, as many as there are up to `count`. They are the caller's.
    func take(_ count: Int, _ settings: ClientSettings, deadline: Deadline) -> [SMTPConnection] {
        state.withLock { state in
            var taken: [SMTPConnection] = []
            for index in state.waiting.indices.reversed() {
                guard taken.count < count else { break }
                let waiting = state.waiting[index]
                // One that the server has closed leaves by itself.
                guard waiting.connection.link.isActive else {
                    state.waiting.remove(at: index)
                    continue
                }
                guard waiting.connection.settings == settings else { continue }
                state.waiting.remove(at: index)
                taken.append(SMTPConnection(waiting.connection, deadline: deadline))
            }
            return taken
        }
    }

    /// Keeps a connection for a while if it is fit for another message, and ends it otherwise.
    ///
    /// - Parameter seconds: how long; 0 ends it at once.
    func keep(_ connection: SMTPConnection, seconds: Double) {
        guard seconds > 0, let kept = connection.release() else { return connection.quit() }
        let now = ContinuousClock.now
        let until = now + .seconds(seconds)
        let isKept = state.withLock { state in
            guard !state.isClosed, state.waiting.count < Self.maxWaiting else { return false }
            state.waiting.append(Waiting(connection: kept, until: until))
            if state.timer.map({ until < $0 }) ?? true { startTimer(&state, until, now) }
            return true
        }
        if !isKept { kept.link.leave() }
    }

    /// Ends all that wait.
    public func closeAll() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiting in waiting { waiting.connection.link.leave() }
    }

    /// Ends all that wait, and keeps none from now on.
    public func stop() {
        state.withLock { $0.isClosed = true }
        closeAll()
    }

    private func startTimer(_ state: inout State, _ until: ContinuousClock.Instant, _ now: ContinuousClock.Instant) {
        state.timer = until
        state.timerNumber += 1
        let number = state.timerNumber
        let (seconds, attoseconds) = (until - now).components
        MultiThreadedEventLoopGroup.singleton.any().scheduleTask(
            in: .seconds(seconds) + .nanoseconds(attoseconds / 1_000_000_000)
        ) { [weak self] in self?.endOld(number) }
    }

    private func endOld(_ number: Int) {
        let now = ContinuousClock.now
        let old = state.withLock { state in
            let old = state.waiting.filter { $0.until <= now }
            state.waiting.removeAll { $0.until <= now }
            if number == state.timerNumber {
                state.timer = nil
                if let next = state.waiting.map(\.until).min() { startTimer(&state, next, now) }
            }
            return old
        }
        for waiting in old { waiting.connection.link.leave() }
    }
}

/// What is left of an ``SMTPConnection`` while nobody uses it.
struct KeptConnection: Sendable {
    let settings: ClientSettings
    let link: Link
    let capabilities: Capabilities
    let isEncrypted: Bool
    /// See ``SMTPConnection``.
    let remembered: Set<String>
    let messages: Int
}
