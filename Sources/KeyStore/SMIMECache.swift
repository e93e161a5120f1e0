import CMS
import Libcrypto
import MIME

/// What look-ups of S/MIME certificates found, for one value of the store's change counter.
final class SMIMECache: Sendable {
    enum Question: Hashable {
        case address(EmailAddress)
        /// What our own user with this address has in use.
        case own(EmailAddress)
        case identifier(CertificateIdentifier)
    }

    private struct State {
        var counter: Int64 = -1
        var answers: [Question: [KnownX509]] = [:]
    }

    /// Remembered look-ups, those that found nothing included.
    private static let limit = 4096
    private let state = Lock(State())

    func answer(to question: Question, counter: Int64) -> [KnownX509]? {
        state.withLock { $0.counter == counter ? $0.answers[question] : nil }
    }

    func remember(_ answer: [KnownX509], for question: Question, counter: Int64) {
        state.withLock { state in
            if state.counter != counter || state.answers.count >= Self.limit {
                // An older snapshot that comes late must not displace the newer.
                if counter < state.counter { return }
                state.answers.removeAll(keepingCapacity: true)
                state.counter = counter
            }
            state.answers[question] = answer
        }
    }
}
