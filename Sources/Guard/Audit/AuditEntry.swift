/// One line of the audit log: who did what to whom, and how it ended. Never holds a secret.
public struct AuditEntry: Sendable, Equatable {
    /// Unix seconds.
    public var time: Int64
    /// Who: `user:alice@example.org`, `basic:desk`, `uid:0`.
    public var actor: String
    /// What, as `key.create` or `password.reset`; one of a fixed set of words.
    public var action: String
    /// To whom or what: an address, a fingerprint, a serial number.
    public var target: String
    /// `ok`, or the code of the refusal.
    public var result: String

    public init(time: Int64, actor: String, action: String, target: String, result: String) {
        self.time = time
        self.actor = actor
        self.action = action
        self.target = target
        self.result = result
    }
}
