import Guard
import Libcrypto

/// The threads on which operations run, so that what is slow holds up nothing but its own kind, and mail
/// neither: what costs much processor time stands back.
struct Lanes: Sendable {
    private let quick = BlockingPool(threads: 4, queue: 256)
    private let password = BlockingPool(threads: 2, queue: 32, yields: true)
    private let generation = BlockingPool(threads: 1, queue: 32, yields: true)

    /// - Throws: `GuardError` with code `busy` where too much waits already.
    func run<T: Sendable>(_ lane: Operation.Lane, _ work: @escaping @Sendable () throws -> T) async throws -> T {
        do {
            return switch lane {
            case .quick: try await quick.run(work)
            case .password: try await password.run(work)
            case .generation: try await generation.run(work)
            }
        } catch is BlockingPool.Full {
            throw GuardError(.busy, "too many requests of this kind are waiting", retryAfter: 5)
        }
    }
}
