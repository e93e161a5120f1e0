public import KeyStore
import Libcrypto
public import OpenPGP
public import ProtectedMail

/// The use cases of the control API, without any HTTP: accounts, keys, certificates, passwords, sessions, guests, support.
///
/// One object per process. Every method may block, on the store and on deliberately slow password hashing, and is safe to
/// call from any thread; callers bring them to a ``Libcrypto/BlockingPool``. Every change of one account happens in one
/// transaction of the store that begins by locking the account's row, so that several clients and several daemons on one
/// store can act at once. All errors are ``GuardError``.
public final class Guard: Sendable {
    public let settings: GuardSettings
    let store: KeyStore
    let ports: GuardPorts
    /// The time, for everything.
    let now: @Sendable () -> Timestamp
    /// For tests.
    let steps: StepCounter?
    /// The name of a user of this machine.
    let loginName: @Sendable (UInt32) -> String?
    let guessing = GuessingLimit()
    let resolvedSessions = ResolvedSessions()
    let transportCache = Lock<TransportKeys?>(nil)

    public init(
        store: KeyStore, settings: GuardSettings, ports: GuardPorts, now: @escaping @Sendable () -> Timestamp,
        steps: StepCounter? = nil, loginName: (@Sendable (UInt32) -> String?)? = nil
    ) {
        self.store = store
        self.settings = settings
        self.ports = ports
        self.now = now
        self.steps = steps
        self.loginName = loginName ?? { LoginName.of(user: $0) }
    }
}

/// What the daemon provides; nil where the configuration names none.
public struct GuardPorts: Sendable {
    public var mail: (any MailSender)?
    public var passwords: (any PasswordVerifier)?
    public var sessions: (any SessionResolver)?
    public var crypto: (any MessageCrypto)?
    /// Who issues S/MIME certificates.
    public var certificates: (any CertificateIssuer)?
    /// What S/MIME certificates are judged by; nil trusts nobody.
    public var smimeTrust: SMIMETrust?
    /// Takes sentences for the log, which never hold secrets.
    public var log: @Sendable (String) -> Void
    /// Counts a line of the audit log: action and result.
    public var audited: @Sendable (String, String) -> Void = { _, _ in }
    /// Does work after the answer, where how long it takes must not be seen.
    public var later: @Sendable (@escaping @Sendable () -> Void) -> Void = { work in
        if !PlainThread.start(work) { work() }
    }

    public init(
        mail: (any MailSender)? = nil, passwords: (any PasswordVerifier)? = nil, sessions: (any SessionResolver)? = nil,
        log: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.mail = mail
        self.passwords = passwords
        self.sessions = sessions
        self.log = log
    }
}
