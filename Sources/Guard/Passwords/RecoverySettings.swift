public import OpenPGP

/// What an administrator decides about forgotten passwords.
public struct RecoverySettings: Sendable, Equatable {
    /// Whether guardd keeps what opens a user's keys, so that a forgotten password can be replaced. Off by default: what
    /// guardd can open, whoever takes over guardd can open.
    public var isOffered = false
    /// Whether users may delete that material for good.
    public var usersMayDelete = true
    /// Where this is set, recovery material is encrypted to this certificate and nothing else: its private key stays with
    /// the administrator, and a reset needs them.
    public var offline: Certificate?

    public init() {}
}
