public import Libcrypto
public import OpenPGP

/// Everything a session needs from the world: the snapshot of the policy, the keys, the clocks, the log.
public struct SessionContext: Sendable {
    /// The snapshot; a running message keeps the one it began with.
    public var policy: Policy
    public var keys: any KeyDirectory
    /// The time of day.
    public var now: @Sendable () -> Timestamp
    /// A clock that only goes forward, in milliseconds.
    public var milliseconds: @Sendable () -> Int64
    /// Takes the record of each message.
    public var log: @Sendable (MessageRecord) -> Void
    /// The memory of all messages; shared by all sessions.
    public var budget: Budget
    /// Whether the daemon is about to stop: new messages are deferred.
    public var isDraining: @Sendable () -> Bool
    /// The key of the marker (the master key's purpose `marker`); nil writes and honours none.
    public var markerKey: SecretBytes?
    /// Takes the copies of messages that are split; nil where they cannot be.
    public var redelivery: (any Redelivery)?
    /// Keeps messages for guests; nil where there are none.
    public var guests: (any GuestDesk)?
    /// Where large results wait, sealed; nil for TMPDIR, else /var/tmp.
    public var spoolDirectory: String?

    public init(
        policy: Policy, keys: any KeyDirectory, now: @escaping @Sendable () -> Timestamp,
        milliseconds: @escaping @Sendable () -> Int64 = { 0 },
        log: @escaping @Sendable (MessageRecord) -> Void, budget: Budget = Budget(limit: 512 << 20),
        isDraining: @escaping @Sendable () -> Bool = { false }, markerKey: SecretBytes? = nil,
        redelivery: (any Redelivery)? = nil, guests: (any GuestDesk)? = nil, spoolDirectory: String? = nil
    ) {
        self.policy = policy
        self.keys = keys
        self.now = now
        self.milliseconds = milliseconds
        self.log = log
        self.budget = budget
        self.isDraining = isDraining
        self.markerKey = markerKey
        self.redelivery = redelivery
        self.guests = guests
        self.spoolDirectory = spoolDirectory
    }
}
