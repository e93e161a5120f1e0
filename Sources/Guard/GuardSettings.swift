public import OpenPGP

/// What an administrator decides about the use cases. Each group of settings is a struct of its own.
public struct GuardSettings: Sendable, Equatable {
    /// Our own domains, A-labels in lower case: only addresses in them can be accounts that are not guests.
    public var localDomains: Set<String> = []
    /// Which algorithms of keys count.
    public var algorithms = AlgorithmPolicy.standard
    /// The name of the server as shown to clients.
    public var serverName = "guardd"

    public var passwords = PasswordSettings()
    public var recovery = RecoverySettings()
    public var sessions = SessionSettings()
    public var mail = MailSettings()
    public var certificates = CertificateSettings()
    public var guests = GuestSettings()
    public var support = SupportSettings()
    public var keys = KeySettings()

    public init() {}
}
