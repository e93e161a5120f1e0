import Libcrypto

/// What was read from the store, for one value of its change counter: every change of what is remembered here raises it,
/// in this process or another.
final class CounterCache<Question: Hashable & Sendable, Answer: Sendable>: Sendable {
    private struct State {
        var counter: Int64 = -1
        var answers: [Question: (answer: Answer, octets: Int)] = [:]
        /// Of all answers together.
        var octets = 0

        mutating func forget(_ question: Question) {
            octets -= answers.removeValue(forKey: question)?.octets ?? 0
        }
    }

    private let answers: Int
    private let octets: Int
    private let state = Lock(State())

    /// - Parameters:
    ///   - answers: the most that are remembered, those that found nothing included.
    ///   - octets: the most that all of them together may hold, as far as ``remember(_:for:counter:octets:)`` is told.
    init(answers: Int, octets: Int = .max) {
        self.answers = answers
        self.octets = octets
    }

    /// The remembered answer, if the store has not changed since.
    func answer(to question: Question, counter: Int64) -> Answer? {
        state.withLock { $0.counter == counter ? $0.answers[question]?.answer : nil }
    }

    func remember(_ answer: Answer, for question: Question, counter: Int64, octets: Int = 0) {
        state.withLock { state in
            // An older snapshot that comes late must not displace the newer.
            guard counter >= state.counter, octets <= self.octets else { return }
            state.forget(question)
            if counter != state.counter || state.answers.count >= answers || octets > self.octets - state.octets {
                state.answers.removeAll(keepingCapacity: true)
                state.octets = 0
                state.counter = counter
            }
            state.answers[question] = (answer, octets)
            state.octets += octets
        }
    }

    /// Forgets one answer, where it changed without a change of the counter.
    func forget(_ question: Question) { state.withLock { $0.forget(question) } }
}
