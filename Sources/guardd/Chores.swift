import Glibc
import Guard
import Libcrypto
import Logging

/// What the use cases need to be done from time to time, on a thread of its own that lives as long as the process.
struct Chores: Sendable {
    /// Seconds between two rounds.
    private static let pause: UInt32 = 60
    private static let roundsPerDay = 24 * 60
    let `guard`: Guard
    let log: Logger

    func start() {
        PlainThread.start {
            var round = 0
            while true {
                // Other daemons of the store make keys too; whose is current does not matter.
                if round % Self.roundsPerDay == 0 {
                    run("a new key for passwords") { try self.guard.rotateTransportKey() }
                }
                run("forgetting what is over") { try self.guard.expireOldThings() }
                round += 1
                sleep(Self.pause)
            }
        }
    }

    private func run(_ name: String, _ chore: () throws -> Void) {
        do { try chore() } catch { log.warning("control: \(name) failed: \(error)") }
    }
}
