/// What an administrator decides about people's passwords.
public struct PasswordSettings: Sendable, Equatable {
    /// Characters that a new password has at least.
    public var minimumLength = 10
    /// Characters of a password that guardd makes up.
    public var generatedLength = 16
    /// Wrong passwords in a row that lock an account.
    public var failuresBeforeLock = 5
    /// Seconds of the first lock; each further one takes twice as long.
    public var lockSeconds = 600
    /// Seconds of the longest lock.
    public var longestLockSeconds = 86_400
    /// What one guess at a key that guardd locks itself costs.
    public var argon2 = Argon2Cost()
    /// Whether `e_password` may use the padding of PKCS#1 v1.5, for clients that know no other.
    public var acceptsPKCS1 = false

    public init() {}
}

/// How slow the hash of a password is (RFC 9106).
public struct Argon2Cost: Sendable, Equatable {
    /// 1...255.
    public var passes: UInt32 = 3
    /// 1...255.
    public var lanes: UInt32 = 4
    /// At least 8 per lane.
    public var memoryKiB: UInt32 = 64 << 10

    public init() {}

    public init(passes: UInt32, lanes: UInt32, memoryKiB: UInt32) {
        self.passes = passes
        self.lanes = lanes
        self.memoryKiB = memoryKiB
    }
}
