import KeyStore
import Libcrypto
import MIME
import OpenPGP
import TestSupport

@testable import Guard

/// A guard on a store of its own, with a clock that tests move.
final class TestGuard: Sendable {
    let service: Guard
    let store: KeyStore
    let steps = StepCounter()
    private let clock: Lock<Int64>
    private let folder: TemporaryDirectory

    init(
        ports: GuardPorts = GuardPorts(), loginNames: [UInt32: String] = [:],
        _ change: (inout GuardSettings) -> Void = { _ in }
    ) throws {
        folder = try TemporaryDirectory("guard")
        let clock = Lock<Int64>(1_800_000_000)
        self.clock = clock
        store = try KeyStore(path: folder.file("store"), master: .random())
        var settings = GuardSettings()
        settings.localDomains = ["example.org"]
        settings.passwords.argon2 = Argon2Cost(passes: 1, lanes: 1, memoryKiB: 64)
        settings.sessions.loginDomain = "example.org"
        change(&settings)
        service = Guard(
            store: store, settings: settings, ports: ports, now: { Timestamp(clock.withLock { $0 }) }, steps: steps,
            loginName: { loginNames[$0] })
    }

    var now: Int64 { clock.withLock { $0 } }

    func pass(seconds: Int64) { clock.withLock { $0 += seconds } }

    static let alice = address("alice@example.org")
    static let bob = address("bob@example.org")

    static func address(_ text: String) -> EmailAddress {
        guard let address = EmailAddress(text) else { preconditionFailure(text) }
        return address
    }

    static func secret(_ text: String) -> SecretBytes { SecretBytes(copying: Array(text.utf8)) }

    static func text(_ secret: SecretBytes) -> String {
        secret.withBytes { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) }
    }

    /// A session of a trusted peer.
    func session(_ mailbox: EmailAddress = TestGuard.alice) throws -> Caller {
        try service.openSession(for: mailbox, .trusted(name: "test")).caller
    }
}
