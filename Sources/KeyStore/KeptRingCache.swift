import Libcrypto
import MIME
import OpenPGP
import ProtectedMail

/// What mail found among the rings that users keep of others, for one value of the store's change counter.
final class KeptRingCache: Sendable {
    enum Subject: Hashable {
        case address(EmailAddress)
        case key(KeyID)
    }

    struct Question: Hashable {
        var user: EmailAddress
        var subject: Subject
    }

    private struct State {
        var counter: Int64 = -1
        var answers: [Question: [KnownCertificate]] = [:]
    }

    /// Remembered look-ups, most of which found nothing.
    private static let limit = 4096
    private let state = Lock(State())

    func answer(to question: Question, counter: Int64) -> [KnownCertificate]? {
        state.withLock { $0.counter == counter ? $0.answers[question] : nil }
    }

    func remember(_ answer: [KnownCertificate], for question: Question, counter: Int64) {
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
